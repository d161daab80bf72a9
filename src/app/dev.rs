//! `parlor dev`: a server to try out, of which nothing is kept.

mod demo;
mod home;

use std::net::SocketAddr;

use self::{
    demo::{Demo, ROOM},
    home::Home,
};
use super::{Failure, around::Around, output, serve};
use crate::{cli::DevArgs, config::Config};

pub(super) fn dev(DevArgs { port, serve }: DevArgs) -> Result<(), Failure> {
    let mut settings = serve.for_trial(port)?;
    let home = Home::make()
        .map_err(|error| Failure::environment(format!("cannot make a directory: {error}")))?;
    settings.store.data_dir = home.path().to_owned();
    let config = Config { takes_links: true, ..Config::new(settings)? };
    serve::serve(config, &Trial(home))
}

struct Trial(Home);

impl Around for Trial {
    async fn begun(&self, addresses: &[SocketAddr], config: &Config) -> Result<(), Failure> {
        let [address, ..] = addresses else { return Ok(()) };
        let base = format!("http://{address}");
        let demo = demo::make(&base, config).await?;
        output::say(&self.told(&base, &demo));
        Ok(())
    }

    fn ends_with_terminal(&self) -> bool {
        true
    }

    fn cut_short(&self) {
        self.0.remove();
    }
}

impl Trial {
    /// The first line is that of `parlor serve`, which programs may parse.
    fn told(&self, base: &str, demo: &Demo) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let home = self.0.path().display();
        let link = |token: &str| format!("{base}/#token={token}");
        let links = demo.people.iter().map(|(name, token)| format!("  {name}:\n{}\n", link(token)));
        let (links, admin) = (links.collect::<String>(), link(&demo.admin));
        let service = &demo.service;
        format!(
            "parlor {version} listening on {base}\n\n\
             All of this ends with Ctrl-C: the tokens, and the data in {home}\n\n\
             Open two of these links in two windows or tabs, and talk to yourself. The first two \
             are members\nof the room {ROOM:?}; the third is an administrator as well.\n\
             {links}  Administrator:\n{admin}\n\n\
             Your backend, with a token of a service, tells the room what happened:\n\
             curl {base}/api/v1/rooms/{ROOM}/events -H 'Content-Type: application/json' \\\n  \
             -d '{{\"type\": \"task.updated\", \"data\": {{\"title\": \"Try Parlor\", \"status\": \
             \"done\"}}}}' \\\n  -H 'Authorization: Bearer {service}'\n\n\
             What there is to call:  {base}/api.html\n\
             Other users:            parlor token --user NAME --data-dir {home}\n"
        )
    }
}
