// SPDX-License-Identifier: MIT
// crossbeam's bounded queue, for C: a list of free chunks that any number of
// threads take from and give to. scripts/bench-crossbeam builds it.
use crossbeam_queue::ArrayQueue;

#[no_mangle]
pub extern "C" fn queue_create(capacity: usize) -> *mut ArrayQueue<usize> {
    Box::into_raw(Box::new(ArrayQueue::new(capacity)))
}

/// 0 when it is empty.
#[no_mangle]
pub unsafe extern "C" fn queue_pop(queue: *mut ArrayQueue<usize>) -> usize {
    (*queue).pop().unwrap_or(0)
}

/// False when it is full.
#[no_mangle]
pub unsafe extern "C" fn queue_push(queue: *mut ArrayQueue<usize>, value: usize) -> bool {
    (*queue).push(value).is_ok()
}
