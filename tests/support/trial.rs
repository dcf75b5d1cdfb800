//! Makes plain functions trials of the runner.

use libtest_mimic::Completion;
pub use libtest_mimic::Trial;

/// What a test needs and does not have here. It is then ignored, with this as the reason.
#[derive(Debug)]
pub struct Lacks(pub String);

/// What a test gives that may lack something.
pub type Checked = Result<(), Lacks>;

/// How a test ended that did not panic.
pub trait Ending {
    fn completion(self) -> Completion;
}

impl Ending for () {
    fn completion(self) -> Completion {
        Completion::Completed
    }
}

impl Ending for Checked {
    fn completion(self) -> Completion {
        match self {
            Ok(()) => Completion::Completed,
            Err(Lacks(what)) => Completion::ignored_with(what),
        }
    }
}

/// The trial of a function; `path` begins with the crate, which says nothing.
pub fn trial<E: Ending + 'static>(path: &str, test: fn() -> E) -> Trial {
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    Trial::ignorable_test(name, move || Ok(test().completion()))
}

/// The trials of several modules.
pub fn all<const N: usize>(modules: [Vec<Trial>; N]) -> Vec<Trial> {
    modules.into_iter().flatten().collect()
}

/// The trials of a module, by the names of its functions. A function that is missing here is dead
/// code, and the lints fail.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        vec![$($crate::support::trial::trial(
            concat!(module_path!(), "::", stringify!($test)),
            $test,
        )),+]
    };
}
pub(crate) use trials;
