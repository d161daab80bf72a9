//! Random commands of several users, against the server and against a plain
//! model of it in memory; and clients that come and go, and must end with the
//! same picture as one who looks for the first time.
//!
//! A failing run is shrunk to the fewest steps that fail. `PROPTEST_CASES`
//! says how many runs there are.

mod client;
mod rules;
mod step;
mod world;

use proptest::{
    collection::vec,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tokio::runtime::Runtime;

use crate::support::{Server, TestDatabase};
use step::Step;
use world::World;

/// Runs, if the environment says nothing else.
const CASES: u32 = 250;
/// Steps of one run.
const STEPS: usize = 60;

#[test]
fn the_server_does_what_the_model_does_and_who_resumes_sees_what_is_there() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(Server::start());
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config {
        // Each write takes several round trips to PostgreSQL.
        cases: cases.unwrap_or(if TestDatabase::is_file() { CASES } else { CASES / 5 }),
        max_shrink_iters: 300,
        // The steps that failed are printed; a file beside would be noise.
        failure_persistence: None,
        ..Config::default()
    };
    let runs = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&vec(step::one(), 1..STEPS), |steps| {
        runs.set(runs.get() + 1);
        runtime.block_on(check(&server, runs.get(), &steps));
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("after {} runs: {error}", runs.get());
    }
}

async fn check(server: &Server, run: u32, steps: &[Step]) {
    let mut world = World::new(server, run).await;
    for step in steps {
        world.take(step).await;
    }
    world.compare_all().await;
}
