using System.Formats.Cbor;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

public sealed class StrictCborTests
{
    /// <summary>Objects that are refused, by what is wrong with them, as hex of the whole attestation object.</summary>
    private static readonly Dictionary<string, (string Hex, Reason Reason)> Broken = new(StringComparer.Ordinal)
    {
        ["nothing"] = ("", Reasons.AttestationMissing),
        ["{} as JSON"] = ("7b7d", Reasons.AttestationEmptyObject),
        ["an empty map"] = ("a0", Reasons.AttestationEmptyObject),
        ["an array"] = ("80", Reasons.MemberWrongType),
        ["a number"] = ("00", Reasons.MemberWrongType),
        ["a lone break"] = ("ff", Reasons.CborMalformed),
        ["a reserved additional information"] = ("1c", Reasons.CborMalformed),
        ["a cut text"] = ("a163666d", Reasons.CborMalformed),
        ["no fmt"] = ("a16761747453746d74a0", Reasons.FormatMissing),
        ["no attStmt"] = ("a163666d74656170706c65", Reasons.StatementMissing),
        ["fmt as a number"] = ("a263666d74016761747453746d74a0", Reasons.MemberWrongType),
        ["attStmt as null"] = ("a263666d74656170706c656761747453746d74f6", Reasons.MemberWrongType),
        ["a byte behind"] = ("a000", Reasons.CborTrailingBytes),
        ["a map of indefinite length"] = ("bfff", Reasons.CborIndefiniteLength),
        ["an array of indefinite length"] = ("a163783563" + "9fff", Reasons.CborIndefiniteLength),
        ["octets of indefinite length"] = ("a163783563" + "5fff", Reasons.CborIndefiniteLength),
        ["a text of indefinite length"] = ("a163783563" + "7fff", Reasons.CborIndefiniteLength),
        ["a long form of a short length"] = ("b801", Reasons.CborMalformed),
        ["a long form of a length"] = ("a163783563" + "590001" + "00", Reasons.CborNonMinimalLength),
        ["a long form of a number"] = ("a163783563" + "1817", Reasons.CborNonMinimalLength),
        ["a long form of a negative number"] = ("a163783563" + "390017", Reasons.CborNonMinimalLength),
        ["a long form of an array's length"] = ("a163783563" + "980100", Reasons.CborNonMinimalLength),
        ["the same key twice"] = ("a263666d740063666d7400", Reasons.CborDuplicateKey),
        ["the same number as key twice"] = ("a201000100", Reasons.CborDuplicateKey),
        ["a key that is not UTF-8"] = ("a163ff6d7400", Reasons.CborMalformed),
        ["a map that claims 2^32 pairs"] = ("ba80000000", Reasons.CborMalformed),
        ["octets that claim 4 GiB"] = ("5affffffff", Reasons.CborMalformed),
        ["an array that claims 2^64-1 items"] = ("9bffffffffffffffff", Reasons.CborMalformed),
        ["a tagged map"] = ("d9d9f7a0", Reasons.MemberWrongType),
    };

    public static TheoryData<string> BrokenNames => [.. Broken.Keys];

    [Theory, MemberData(nameof(BrokenNames)), Spec("RFC 8949 §5")]
    public void Each_broken_object_has_its_reason(string name)
    {
        var (hex, reason) = Broken[name];

        Judge(Convert.FromHexString(hex)).ShouldRefuse(reason);
    }

    [Fact]
    public void Depth_is_bounded_and_the_stack_is_safe() =>
        Judge([.. Enumerable.Repeat((byte)0x81, 60000), 0x00]).ShouldRefuse(Reasons.CborTooDeep);

    [Fact]
    public void Tags_are_nesting_too() => Judge([.. Enumerable.Repeat((byte)0xC1, 60000), 0x00]).ShouldRefuse(Reasons.CborTooDeep);

    [Fact]
    public void The_number_of_items_is_bounded() => Judge([0x99, 0xEA, 0x60, .. new byte[60000]]).ShouldRefuse(Reasons.CborTooManyItems);

    [Fact]
    public void The_size_is_bounded_before_anything_is_read() =>
        Judge(new byte[AttestationStatement.MaxSize + 1]).ShouldRefuse(Reasons.AttestationTooLarge);

    [Fact]
    public void The_number_and_size_of_certificates_are_bounded_before_any_is_parsed()
    {
        Judge(AppleObject(writer => WriteCertificates(writer, Enumerable.Repeat(new byte[10], 9)))).ShouldRefuse(Reasons.ChainTooLong);
        Judge(AppleObject(writer => WriteCertificates(writer, [new byte[17 * 1024]]))).ShouldRefuse(Reasons.CertificateTooLarge);
        Judge(AppleObject(writer => WriteCertificates(writer, []))).ShouldRefuse(Reasons.MemberMissing);
        Judge(AppleObject(writer => writer.WriteByteString([1]))).ShouldRefuse(Reasons.MemberWrongType);
        Judge(AppleObject(writer => writer.WriteNull())).ShouldRefuse(Reasons.MemberWrongType);
    }

    [Fact, Spec("device-attest §5")]
    public void Key_order_authData_and_unknown_members_do_not_matter()
    {
        var made = Trial.Apple.Make();
        var reader = new CborReader(made.AttestationObject);
        reader.ReadStartMap();
        reader.ReadTextString();
        reader.ReadTextString();
        reader.ReadTextString();
        var statement = reader.ReadEncodedValue();

        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteStartMap(5);
        writer.WriteTextString("attStmt");
        writer.WriteEncodedValue(statement.Span);
        writer.WriteTextString("authData");
        writer.WriteByteString(new byte[37]);
        writer.WriteTextString("more");
        writer.WriteDouble(1.5);
        writer.WriteInt32(1);
        writer.WriteTag(CborTag.UnixTimeSeconds);
        writer.WriteInt64(-1234567890);
        writer.WriteTextString("fmt");
        writer.WriteTextString("apple");
        writer.WriteEndMap();

        AttestationVerifier.Verify(Trial.Evidence(writer.Encode(), made.Identifier)).ShouldAccept();
    }

    [Fact]
    public void A_format_that_the_profile_does_not_accept_is_told_apart_from_one_that_nobody_knows()
    {
        var made = Trial.Apple.Make();

        AttestationVerifier.Verify(Trial.Evidence(made) with { Formats = ["tpm"] }).ShouldRefuse(Reasons.FormatNotAllowed);
        AttestationVerifier.Verify(Trial.Evidence(made) with { Formats = [] }).ShouldRefuse(Reasons.FormatNotAllowed);
        Judge(Convert.FromHexString("a263666d74654170706c656761747453746d74a0")).ShouldRefuse(Reasons.FormatUnknown);
    }

    [Fact]
    public void No_attestation_at_all_has_three_verdicts()
    {
        AttestationVerifier.NoAttestation().ShouldRefuse(Reasons.AttestationMissing);
        AttestationVerifier.EmptyAttestation().ShouldRefuse(Reasons.AttestationEmptyObject);
        var verdict = AttestationVerifier.DeviceError("rate limited\u0007" + new string('x', 5000));
        verdict.ShouldRefuse(Reasons.AttestationDeviceError);
        verdict.Checks[0].Found.Should().StartWith("the device says: rate limited\uFFFDxx").And.HaveLength("the device says: ".Length + 161);
    }

    private static Verdict Judge(byte[] attestationObject) => AttestationVerifier.Verify(Trial.Evidence(attestationObject, "any"));

    private static byte[] AppleObject(Action<CborWriter> x5c)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("apple");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(1);
        writer.WriteTextString("x5c");
        x5c(writer);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void WriteCertificates(CborWriter writer, IEnumerable<byte[]> certificates)
    {
        var list = certificates.ToList();
        writer.WriteStartArray(list.Count);
        list.ForEach(certificate => writer.WriteByteString(certificate));
        writer.WriteEndArray();
    }
}
