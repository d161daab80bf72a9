//! The five calls of SQLite's own interface that inserts need. No layer lies
//! between, because its cost would be taken for SQLite's.

#![expect(unsafe_code, reason = "SQLite's interface is C")]

use std::{
    ffi::{CStr, CString, c_int},
    marker::PhantomData,
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
};

use libsqlite3_sys as ffi;

use crate::Result;

pub struct Database(*mut ffi::sqlite3);

impl Database {
    pub fn open(path: &Path) -> Result<Self> {
        let name = CString::new(path.as_os_str().as_bytes())?;
        let mut database = Database(ptr::null_mut());
        // SAFETY: the name ends with a zero byte; SQLite fills our pointer,
        // which `close` takes even if this fails.
        let code = unsafe { ffi::sqlite3_open(name.as_ptr(), &mut database.0) };
        check(database.0, code)?;
        Ok(database)
    }

    /// Runs statements whose results are of no interest.
    pub fn execute(&self, sql: &str) -> Result<()> {
        let sql = CString::new(sql)?;
        // SAFETY: the text ends with a zero byte; no callback is given.
        let code = unsafe {
            ffi::sqlite3_exec(self.0, sql.as_ptr(), None, ptr::null_mut(), ptr::null_mut())
        };
        check(self.0, code)
    }

    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        let sql = CString::new(sql)?;
        let mut handle = ptr::null_mut();
        // SAFETY: the text ends with a zero byte, which -1 lets SQLite find.
        let code = unsafe {
            ffi::sqlite3_prepare_v2(self.0, sql.as_ptr(), -1, &mut handle, ptr::null_mut())
        };
        check(self.0, code)?;
        Ok(Statement { handle, database: self.0, borrowed: PhantomData })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: ours, closed once; statements borrow it and are gone.
        unsafe { ffi::sqlite3_close(self.0) };
    }
}

pub struct Statement<'a> {
    handle: *mut ffi::sqlite3_stmt,
    database: *mut ffi::sqlite3,
    borrowed: PhantomData<&'a Database>,
}

impl Statement<'_> {
    pub fn bind_number(&mut self, place: c_int, value: i64) -> Result<()> {
        // SAFETY: the statement is ours and not being stepped through.
        let code = unsafe { ffi::sqlite3_bind_int64(self.handle, place, value) };
        check(self.database, code)
    }

    pub fn run(&mut self) -> Result<()> {
        self.run_with_texts(&[])
    }

    /// Runs to the end. The texts are not copied: they need to live only as
    /// long as the call, and are overwritten before the statement runs again.
    pub fn run_with_texts(&mut self, texts: &[(c_int, &[u8])]) -> Result<()> {
        for (place, text) in texts {
            let length = c_int::try_from(text.len())?;
            // SAFETY: pointer and length are of one slice, which outlives the
            // step below; nothing reads it later.
            let code = unsafe {
                ffi::sqlite3_bind_text(self.handle, *place, text.as_ptr().cast(), length, None)
            };
            check(self.database, code)?;
        }
        // SAFETY: the statement is ours.
        let code = unsafe {
            let code = ffi::sqlite3_step(self.handle);
            ffi::sqlite3_reset(self.handle);
            code
        };
        if code == ffi::SQLITE_DONE { Ok(()) } else { check(self.database, code) }
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: ours, finalized once, before the database it borrows.
        unsafe { ffi::sqlite3_finalize(self.handle) };
    }
}

fn check(database: *mut ffi::sqlite3, code: c_int) -> Result<()> {
    if code == ffi::SQLITE_OK {
        return Ok(());
    }
    // SAFETY: SQLite gives a text that ends with a zero byte and lives until
    // the next call, also without a database.
    let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(database)) };
    Err(format!("SQLite: {} ({code})", message.to_string_lossy()).into())
}
