//! What users are called (getpwuid_r(3)): remembered, because the answer may come from far away.

use std::collections::HashMap;
use std::io::Write;

use super::name::Name;
use crate::sampler::clock::Now;

/// Names are asked for again after this long: accounts come and go.
const REMEMBERED_NS: u64 = 600_000_000_000;
/// Most hosts have a few dozen users; what is not remembered is asked for again.
const MOST: usize = 1024;
/// More than an entry of any user takes.
const ENTRY_BYTES: usize = 4096;

/// Users of this host by number.
pub struct Users {
    /// None when the processes are not this host's: its users are others.
    names: Option<HashMap<u32, Name>>,
    forget_at_ns: u64,
    entry: Vec<libc::c_char>,
}

impl Users {
    pub fn new(of_this_host: bool) -> Self {
        Self { names: of_this_host.then(HashMap::new), forget_at_ns: 0, entry: Vec::new() }
    }

    /// To be called now and then.
    pub fn forget_old(&mut self, now: &Now) {
        if let Some(names) = &mut self.names
            && now.mono_ns >= self.forget_at_ns
        {
            names.clear();
            self.forget_at_ns = now.mono_ns.saturating_add(REMEMBERED_NS);
        }
    }

    /// A user's name, or else the number. `asking` is called before a question that might hang.
    pub fn name(&mut self, uid: u32, asking: &dyn Fn()) -> Name {
        let Some(names) = &mut self.names else { return number(uid) };
        if let Some(known) = names.get(&uid) {
            return *known;
        }
        asking();
        self.entry.resize(ENTRY_BYTES, 0);
        let name = ask(uid, &mut self.entry).unwrap_or_else(|| number(uid));
        if names.len() < MOST {
            names.insert(uid, name);
        }
        name
    }
}

fn number(uid: u32) -> Name {
    let mut digits = [0; 10];
    let mut unused = digits.as_mut_slice();
    // Ten digits hold every number of 32 bits.
    write!(unused, "{uid}").ok();
    let unused = unused.len();
    Name::new(&digits[..digits.len() - unused])
}

fn ask(uid: u32, entry: &mut [libc::c_char]) -> Option<Name> {
    let mut user = std::mem::MaybeUninit::<libc::passwd>::zeroed();
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are to memory that lives through the call, of the lengths given. When `found` is set, `user` was
    // filled, and its name is a string in `entry`.
    unsafe {
        libc::getpwuid_r(uid, user.as_mut_ptr(), entry.as_mut_ptr(), entry.len(), &raw mut found);
        if found.is_null() || (*found).pw_name.is_null() {
            return None;
        }
        let name = std::ffi::CStr::from_ptr((*found).pw_name);
        (!name.is_empty()).then(|| Name::new(name.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_user_is_asked_for_once_and_a_stranger_is_a_number() {
        let asked = Cell::new(0);
        let asking = || asked.set(asked.get() + 1);
        let mut users = Users::new(true);
        for _ in 0..2 {
            assert_eq!(users.name(0, &asking).as_bytes(), b"root");
            assert_eq!(users.name(3_999_999_999, &asking).as_bytes(), b"3999999999");
        }
        assert_eq!(asked.get(), 2);
        users.forget_old(&Now { mono_ns: REMEMBERED_NS, ..Now::default() });
        users.name(0, &asking);
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn users_of_another_host_are_numbers() {
        let mut users = Users::new(false);
        assert_eq!(users.name(0, &|| panic!("asked")).as_bytes(), b"0");
    }
}
