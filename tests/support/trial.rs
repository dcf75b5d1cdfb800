//! Turns plain functions into trials of the runner.

use libtest_mimic::Completion;
pub use libtest_mimic::Trial;

/// Something that a test needs and this machine lacks. The test is then ignored for this reason.
#[derive(Debug)]
pub struct Lacks(pub String);

/// The result of a test that may lack something.
pub type Checked = Result<(), Lacks>;

/// The result of a test that did not panic.
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

/// Makes the trial of a function. Its name is `path` without the crate.
pub fn trial<E: Ending + 'static>(path: &str, test: fn() -> E) -> Trial {
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    Trial::ignorable_test(name, move || Ok(test().completion()))
}

/// Joins the trials of several modules.
pub fn all<const N: usize>(modules: [Vec<Trial>; N]) -> Vec<Trial> {
    modules.into_iter().flatten().collect()
}

/// Makes the trials of a module from the names of its functions. A function that is missing here is
/// dead code, and the lints fail.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        vec![$($crate::support::trial::trial(
            concat!(module_path!(), "::", stringify!($test)),
            $test,
        )),+]
    };
}
pub(crate) use trials;
