using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace DeviceAcme.Server.Tests.Properties;

/// <summary>Random JSON that knows the members of ACME: mostly plausible, always odd somewhere.</summary>
internal static class RandomJson
{
    private static readonly string[] Names =
    [
        "status", "contact", "termsOfServiceAgreed", "onlyReturnExisting", "externalAccountBinding", "identifiers", "identifier", "type", "value", "notBefore", "notAfter",
        "profile", "csr", "certificate", "reason", "attObj", "error", "account", "oldKey", "protected", "payload", "signature", "signatures", "header", "alg", "nonce", "url",
        "kid", "jwk", "kty", "crv", "x", "y", "n", "e", "d", "crit", "b64", "unknown", "",
    ];

    private static readonly string[] Texts =
    [
        "", "x", "dns", "ip", "permanent-identifier", "hardware-module", "host.example", "*.host.example", "192.0.2.1", "ABC/1.2.3", "valid", "deactivated", "ES256", "none",
        "HS256", "RS256", "EC", "RSA", "P-256", "AQAB", "AAAA", "e30", "MAA", "2026-11-23T00:00:00Z", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "mailto:a@example.com",
        "https://acme.test/acme/tls-server/account/x", "\0", "\uFFFF", "\u202E", "\U0001F511", "=", "+/", "tls-server", "eab-required",
    ];

    private static readonly string[] Raw =
        ["null", "true", "false", "0", "-1", "1.5", "1e999", "99999999999999999999", "\"\\ud800\"", "[]", "{}", "[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "{\"a\":1,\"a\":2}"];

    /// <summary>A document; not always JSON that a strict reader takes.</summary>
    public static Arbitrary<string> Documents { get; } = Value(3).ToArbitrary();

    /// <summary>An object with some of the members.</summary>
    public static Arbitrary<string> Objects { get; } = Object(2).ToArbitrary();

    public static string Write(string text) => JsonValue.Create(text).ToJsonString();

    private static Gen<string> Value(int depth)
    {
        var leaves = Gen.OneOf(Gen.Elements(Texts).Select(Write), Gen.Elements(Raw), ArbMap.Default.GeneratorFor<string>().Where(text => text is not null).Select(Clean));
        return depth == 0 ? leaves : Gen.Frequency((4, leaves), (2, Array(depth - 1)), (3, Object(depth - 1)));
    }

    private static Gen<string> Array(int depth) =>
        from count in Gen.Choose(0, 4)
        from items in Gen.ArrayOf(Value(depth), count)
        select $"[{string.Join(',', items)}]";

    private static Gen<string> Object(int depth) =>
        from count in Gen.Choose(0, 6)
        from names in Gen.ArrayOf(Gen.Elements(Names), count)
        from values in Gen.ArrayOf(Value(depth), count)
        select $"{{{string.Join(',', names.Zip(values).DistinctBy(member => member.First).Select(member => $"{Write(member.First)}:{member.Second}"))}}}";

    // lone surrogates have their own entry among the raw texts; the serializer would replace them
    private static string Clean(string text) => Write(text);
}
