/// Returns the common name of an unsupported codec, given the type of its sample entry.
pub(super) fn name(kind: [u8; 4]) -> String {
    let name = match &kind {
        b"ac-3" | b"sac3" => "AC-3",
        b"ec-3" => "E-AC-3",
        b"ac-4" => "AC-4",
        b"dtsc" | b"dtse" | b"dtsh" | b"dtsl" | b"dtsx" | b"DTS " => "DTS",
        b"mlpa" => "TrueHD",
        b"samr" => "AMR",
        b"sawb" => "AMR-WB",
        b"sawp" => "AMR-WB+",
        b"sevc" => "EVRC",
        b"ssmv" => "SMV",
        b"sqcp" | b"Qclp" | b"QcEL" => "QCELP",
        b"mhm1" | b"mhm2" | b"mha1" | b"mha2" => "MPEG-H 3D Audio",
        b"ima4" | b"ms\0\x11" | b"ms\0\x02" => "ADPCM",
        b"MAC3" | b"MAC6" => "MACE",
        b"QDM2" | b"QDMC" => "QDesign Music",
        b"agsm" | b"ms\0\x31" => "GSM",
        b"ms\0\x55" => "MP3 of early QuickTime",
        b"spex" | b"SPXN" => "Speex",
        b"OggS" | b"XiVs" | b"vorb" => "Vorbis of QuickTime components",
        b"nmos" | b"NELL" => "Nellymoser",
        b"wma " | b"owma" | b"WMA2" => "WMA",
        _ => return format!("\"{}\"", kind.escape_ascii()),
    };
    name.to_owned()
}
