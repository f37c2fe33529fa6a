//! The bytes of a Python object, whatever it is: bytes, bytearray, memoryview, NumPy array. By hand, because the stable ABI has the
//! buffer protocol only since Python 3.11, while the functions and the structure are the same ones since 3.3.
#![expect(unsafe_code, reason = "the buffer protocol is a C interface")]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use pyo3::ffi::PyObject;
use pyo3::prelude::*;

/// `Py_buffer` of CPython.
#[repr(C)]
struct View {
    buf: *mut c_void,
    obj: *mut PyObject,
    len: isize,
    itemsize: isize,
    readonly: c_int,
    ndim: c_int,
    format: *mut c_char,
    shape: *mut isize,
    strides: *mut isize,
    suboffsets: *mut isize,
    internal: *mut c_void,
}

/// Bytes that follow each other; a strided object is refused by its own exporter.
const SIMPLE: c_int = 0;

unsafe extern "C" {
    fn PyObject_GetBuffer(object: *mut PyObject, view: *mut View, flags: c_int) -> c_int;
    fn PyBuffer_Release(view: *mut View);
}

/// A view of an object's bytes. While it is there, the object neither moves nor shrinks them.
pub struct Buffer<'py> {
    view: Box<View>,
    py: Python<'py>,
}

/// Where the bytes are, for a copy without the interpreter's lock.
#[derive(Clone, Copy)]
pub struct Bytes {
    at: *const u8,
    len: usize,
}

// SAFETY: it is an address and a length; whoever reads them must hold the `Buffer`, as `Bytes::copy` demands.
unsafe impl Send for Bytes {}
// SAFETY: as above; reading changes nothing.
unsafe impl Sync for Bytes {}

impl<'py> Buffer<'py> {
    /// The bytes of `object`; an error of Python's (`TypeError`, `BufferError`) when it has none in one piece.
    pub fn of(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = object.py();
        let mut view = Box::new(View {
            buf: ptr::null_mut(),
            obj: ptr::null_mut(),
            len: 0,
            itemsize: 0,
            readonly: 0,
            ndim: 0,
            format: ptr::null_mut(),
            shape: ptr::null_mut(),
            strides: ptr::null_mut(),
            suboffsets: ptr::null_mut(),
            internal: ptr::null_mut(),
        });
        // SAFETY: the object is alive and the interpreter's lock is held (`Bound`), the view is ours and stays where it is (`Box`).
        let result = unsafe { PyObject_GetBuffer(object.as_ptr(), &mut *view, SIMPLE) };
        if result == 0 { Ok(Self { view, py }) } else { Err(PyErr::fetch(py)) }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.view.len).unwrap_or(0)
    }

    /// The first `len` bytes, fewer where there are fewer.
    pub fn first(&self, len: usize) -> Bytes {
        Bytes { at: self.view.buf.cast_const().cast(), len: len.min(self.len()) }
    }

    /// A copy of the first `len` bytes, made without the interpreter's lock into `target`, which gets that length.
    pub fn copy_first(&self, len: usize, target: &mut Vec<u8>) {
        let bytes = self.first(len);
        // A buffer that is used again has its length already.
        target.resize(bytes.len, 0);
        // SAFETY: `self` lives until the end of this function, so the exporter keeps `bytes.len` bytes there; `target` is as long
        // and our own. Another thread of Python's may write into them meanwhile: the copy may then hold old and new bytes.
        self.py.detach(|| unsafe { bytes.copy(target.as_mut_ptr()) });
    }
}

impl Bytes {
    /// Copies all of them to `target`.
    ///
    /// # Safety
    /// The `Buffer` is alive, and `target` has room for them.
    unsafe fn copy(self, target: *mut u8) {
        if self.len > 0 {
            // SAFETY: the caller's promise; the regions do not overlap, since the target is no memory of Python's.
            unsafe { ptr::copy_nonoverlapping(self.at, target, self.len) };
        }
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        // SAFETY: the view was filled by `PyObject_GetBuffer` and is released once, with the interpreter's lock held (`py`).
        unsafe { PyBuffer_Release(&mut *self.view) };
    }
}
