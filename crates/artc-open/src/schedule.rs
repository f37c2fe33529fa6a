//! How the kernel schedules the threads that compute for milliseconds at a time: the encoders' and the decoder's. Not which work they do.
#![expect(unsafe_code, reason = "sched_setscheduler is a C function")]

/// Lets the calling thread, when it wakes, not push another one aside that runs just then.
///
/// Whoever hands a picture in wakes the thread that encodes it. On a box whose other cores are busy, that thread would begin on the
/// caller's own core at once, and the call would come back only with the scheduler's next tick or the one after: 4 to 5 ms later, for a
/// call of 16 us. Of a batch thread the kernel asks no haste, but gives it the same share of the processor. It is a wish: where a sandbox
/// forbids it, all goes on as before.
pub fn compute_in_batches() {
    let none = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread, and the kernel only reads the parameter, which lives beyond the call.
    if unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const none) } != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "the thread is scheduled as any other");
    }
}
