use std::process::ExitCode;

fn main() -> ExitCode {
    parlor::app::main()
}
