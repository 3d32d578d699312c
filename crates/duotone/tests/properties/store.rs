use duotone::audio::FrontEnd;
use duotone::features::{ClipFeatures, FeatureStore, extract_all};
use proptest::prelude::*;

/// All the features that a store must return.
fn all(features: &ClipFeatures) -> String {
    let bits = |band| features.band(band).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let bands: Vec<_> = (0..features.bands()).map(bits).collect();
    let ClipFeatures { digest, source_rate, notes, .. } = features;
    format!("{bands:?} {digest} {source_rate} {notes:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The store returns exactly what was extracted, whether the clip is short, silent, truncated or
    /// complete, and at any sample rate.
    #[test]
    fn round_trip(
        // Fewer samples may give less than one at the front end's rate, which counts as no audio.
        samples in prop::collection::vec(any::<i16>(), 10..6_000),
        rate in 8_000_u32..50_000,
        silent: bool,
        missing in 0_u32..4_000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.au");
        let stated = 2 * samples.len() as u32 + missing;
        let mut bytes = b".snd".to_vec();
        bytes.extend([24, stated, 3, rate, 1].map(u32::to_be_bytes).concat());
        bytes.extend(samples.iter().flat_map(|x| if silent { 0 } else { *x }.to_be_bytes()));
        std::fs::write(&path, bytes).unwrap();
        let front_end = FrontEnd { bands: 8, segment_frames: 6, ..FrontEnd::paper(11_025) };
        let store = FeatureStore::open(folder.path().join("store")).unwrap();
        let extract = |store| {
            let mut found = extract_all(std::slice::from_ref(&path), &front_end, store, &()).unwrap();
            all(&found.remove(0).unwrap())
        };
        let fresh = extract(None);
        prop_assert_eq!(&extract(Some(&store)), &fresh);
        prop_assert_eq!(&extract(Some(&store)), &fresh, "from the store");
    }
}
