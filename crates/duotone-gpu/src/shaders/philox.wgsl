// Philox4x32-10, as in duotone_nn::random, with 64-bit products computed from 16-bit halves.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
    return vec2<u32>(a * b, (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u));
}

// Returns word `index` of the batch's stream.
fn random_word(index: u32) -> u32 {
    var c = vec4<u32>(index / 4u, 0u, batch.stream_low, batch.stream_high);
    var k = vec2<u32>(batch.key_low, batch.key_high);
    for (var round_ = 0u; round_ < 10u; round_++) {
        let p0 = wide_product(c.x, 0xD2511F53u);
        let p1 = wide_product(c.z, 0xCD9E8D57u);
        c = vec4<u32>(p1.y ^ c.y ^ k.x, p1.x, p0.y ^ c.w ^ k.y, p0.x);
        k += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return c[index % 4u];
}
