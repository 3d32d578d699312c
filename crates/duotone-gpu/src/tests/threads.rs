//! Several threads sharing a device.

use super::device;

#[test]
fn threads_read_their_own_data() {
    let Some(device) = device() else { return };
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            scope.spawn(move || {
                let buffer = device.buffer("numbers", 2);
                for turn in 0..100 {
                    device.write(&buffer, &[thread, turn]);
                    assert_eq!(device.read::<u32>(&buffer, 2).unwrap(), [thread, turn]);
                }
            });
        }
    });
}
