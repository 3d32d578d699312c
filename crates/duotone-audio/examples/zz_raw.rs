use std::io::Write;
fn main() {
    for path in std::env::args().skip(1) {
        match duotone_audio::decode(std::path::Path::new(&path)) {
            Ok(c) => {
                let mut f = std::io::BufWriter::new(
                    std::fs::File::create(format!(
                        "/tmp/oggx/raw/{}.raw",
                        path.rsplit('/').next().unwrap()
                    ))
                    .unwrap(),
                );
                for x in &c.samples {
                    f.write_all(&x.to_le_bytes()).unwrap();
                }
                println!("{path} ok {} {}", c.rate, c.samples.len());
            }
            Err(e) => println!("{path} ERR {e}"),
        }
    }
}
