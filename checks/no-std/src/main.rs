//! A program without std that signs and verifies with every kind of key; it exits with 0 when all went well.
//!
//! `cargo run --locked --manifest-path checks/no-std/Cargo.toml`. The panic handler below is the point: a second one
//! comes with std, so once anything under acme-jose links std this no longer compiles (E0152).
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use core::alloc::{GlobalAlloc, Layout};

use acme_jose::{Header, Jws, KeyId, KeyType, MacAlgorithm, MacKey, Payload, PrivateKey, Signer};

unsafe extern "C" {
    fn abort() -> !;
    fn aligned_alloc(align: usize, size: usize) -> *mut u8;
    fn free(block: *mut u8);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: `abort` may be called at any time.
    unsafe { abort() }
}

/// `alloc` as it is shipped names the unwinder, which is part of std; with `panic = "abort"` nothing calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: as above.
    unsafe { abort() }
}

/// The C library's memory.
struct Malloc;

// SAFETY: both calls do what the trait asks; sizes are rounded up to the alignment, as `aligned_alloc` wants.
unsafe impl GlobalAlloc for Malloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let align = layout.align().max(size_of::<usize>());
        unsafe { aligned_alloc(align, layout.size().next_multiple_of(align)) }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        unsafe { free(block) }
    }
}

#[global_allocator]
static ALLOCATOR: Malloc = Malloc;

/// What the C runtime starts.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    i32::from(everything().is_err())
}

fn everything() -> Result<(), Box<dyn core::error::Error>> {
    for key_type in [KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Ed25519, KeyType::Rsa2048] {
        let key = PrivateKey::generate(key_type)?;
        let key = PrivateKey::from_pem(&key.to_pkcs8_pem()?)?;
        let key = PrivateKey::from_jwk(key.to_private_jwk()?.as_bytes())?;
        let header = Header { key: KeyId::Jwk, nonce: "oFvnlFP1wIhRlYS2jTaXbA", url: "https://ca.example/new-account" };
        let jws = Jws::sign(&key, &header, &Payload::EmptyObject)?;
        Jws::from_json(jws.to_json().as_bytes())?.verify(&key.public_key())?;
    }
    let key = MacKey::from_text("c2VjcmV0")?;
    let jws = key.sign(MacAlgorithm::Hs256, "kid-1", "https://ca.example/new-account", &Payload::EmptyObject)?.received();
    Ok(key.verify(MacAlgorithm::Hs256, &jws)?)
}
