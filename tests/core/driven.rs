//! A guard as its owners drive it, by the name of what happens.

use qkeepalive::Error;
use qkeepalive::driver::{Orders, drive};
use qkeepalive::found::Found;
use qkeepalive::guard::{About, Clock, Facts, Guard, Input, Settings};
use qkeepalive::kernel::Kernel;
use qkeepalive::loss::{Evidence, Loss, ReportedError};

pub trait Driven {
    fn change(
        &mut self,
        about: About,
        wanted: Result<Settings, Error>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error>;
    fn connected(
        &mut self,
        inherited: Option<Found>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error>;
    fn look(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) -> Orders;
    /// A look while the peer's program can be asked nothing.
    fn look_only(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) -> Orders;
    fn beat_written(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel);
    fn let_go(&mut self, kernel: &mut impl Kernel);
    fn received(&mut self, clock: Clock);
    fn reported(&mut self, error: ReportedError, alive: bool, clock: Clock);
    fn closing(&mut self, alive: bool, clock: Clock);
    fn disconnected(&mut self, evidence: Evidence) -> Option<Loss>;
    fn disconnected_at(&mut self, evidence: Evidence, clock: Clock) -> Option<Loss>;
    fn attached(&mut self);
    fn detached(&mut self);
    fn renewed(&mut self);
    fn refused(&mut self, about: About, why: &str);
    fn accepted(&mut self, about: About);
}

/// For inputs with which nothing is asked of the kernel.
fn tell(guard: &mut Guard, input: Input, clock: Clock) -> Option<Loss> {
    guard.handle(input, Facts::default(), clock).expect("nothing of it can be refused");
    let mut loss = None;
    while let Some(output) = guard.poll() {
        match output {
            qkeepalive::guard::Output::Lost(lost) => loss = Some(lost),
            other => panic!("nobody is here to do it: {other:?}"),
        }
    }
    loss
}

impl Driven for Guard {
    fn change(
        &mut self,
        about: About,
        wanted: Result<Settings, Error>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error> {
        drive(self, Input::Settings { about, wanted }, clock, kernel)
    }

    fn connected(
        &mut self,
        inherited: Option<Found>,
        clock: Clock,
        kernel: &mut impl Kernel,
    ) -> Result<Orders, Error> {
        drive(self, Input::Connected { inherited }, clock, kernel)
    }

    fn look(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) -> Orders {
        drive(self, Input::Looked { queued, asks: true }, clock, kernel).expect("a look is allowed")
    }

    fn look_only(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) -> Orders {
        drive(self, Input::Looked { queued, asks: false }, clock, kernel)
            .expect("a look is allowed")
    }

    fn beat_written(&mut self, queued: u64, clock: Clock, kernel: &mut impl Kernel) {
        let orders = drive(self, Input::BeatWritten { queued }, clock, kernel);
        assert_eq!(orders.expect("a beat is allowed"), Orders::default());
    }

    fn let_go(&mut self, kernel: &mut impl Kernel) {
        let orders = drive(self, Input::LetGo, Clock::read(), kernel);
        assert_eq!(orders.expect("nobody is kept"), Orders::default());
    }

    fn received(&mut self, clock: Clock) {
        tell(self, Input::Received, clock);
    }

    fn reported(&mut self, error: ReportedError, alive: bool, clock: Clock) {
        tell(self, Input::Reported { error, alive }, clock);
    }

    fn closing(&mut self, alive: bool, clock: Clock) {
        tell(self, Input::Closing { alive }, clock);
    }

    fn disconnected(&mut self, evidence: Evidence) -> Option<Loss> {
        self.disconnected_at(evidence, Clock::read())
    }

    fn disconnected_at(&mut self, evidence: Evidence, clock: Clock) -> Option<Loss> {
        tell(self, Input::Disconnected(Box::new(evidence)), clock)
    }

    fn attached(&mut self) {
        tell(self, Input::Attached, Clock::read());
    }

    fn detached(&mut self) {
        tell(self, Input::Detached, Clock::read());
    }

    fn renewed(&mut self) {
        tell(self, Input::Renewed, Clock::read());
    }

    fn refused(&mut self, about: About, why: &str) {
        tell(self, Input::Refused { about, why: why.to_owned() }, Clock::read());
    }

    fn accepted(&mut self, about: About) {
        tell(self, Input::Accepted(about), Clock::read());
    }
}
