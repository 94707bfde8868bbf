using System.Formats.Cbor;
using System.Security.Cryptography;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class PackedMakerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly PackedMaker Packed = new(new FakeVendors("tests").Authenticator, Now);

    [Fact, Needs("shared")]
    public void A_made_leaf_has_every_field_as_the_real_one_has_it_and_then_those_of_enterprise_attestation()
    {
        // the recorded authenticator whose certificate has all that WebAuthn asks for
        var real = Leaf.Read(Certificates(File.ReadAllBytes(RepositoryFiles.Shared("corpus/webauthn-packed/s-webauthn-packed-18/attestationObject.cbor")))[0]);
        var made = Leaf.Read(Packed.Make().Chain[0]);

        made.Version.Should().Be(real.Version);
        made.SignatureAlgorithm.Should().Equal(real.SignatureAlgorithm);
        made.OuterSignatureAlgorithm.Should().Equal(real.OuterSignatureAlgorithm);
        made.KeyAlgorithm.Should().Equal(real.KeyAlgorithm);
        made.Subject.Select(part => (part.Oid, part.Tag)).Should().Equal(real.Subject.Select(part => (part.Oid, part.Tag)));
        made.Subject.Single(part => part.Oid == "2.5.4.11").Value.Should().Be(real.Subject.Single(part => part.Oid == "2.5.4.11").Value);
        var shared = made.Extensions.Take(real.Extensions.Length).ToArray();
        shared.Select(extension => (extension.Oid, extension.Critical, extension.Value.Length)).Should()
            .Equal(real.Extensions.Select(extension => (extension.Oid, extension.Critical, extension.Value.Length)));
        made.Extensions.Skip(real.Extensions.Length).Select(extension => extension.Oid).Should().Equal("1.3.6.1.4.1.45724.1.1.2", "1.3.6.1.4.1.45724.1.1.5");
    }

    [Fact, Needs("shared")]
    public void A_made_statement_has_the_members_of_a_real_one()
    {
        var real = Members(File.ReadAllBytes(RepositoryFiles.Shared("corpus/webauthn-packed/s-webauthn-packed-18/attestationObject.cbor")));

        Members(Packed.Make().AttestationObject).Should().BeEquivalentTo(real);
    }

    [Fact]
    public void Every_fault_changes_what_is_sent_and_says_what_it_is()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var right = Packed.Make(ChallengeMaterial.Sample, key);
        foreach (var fault in Enum.GetValues<PackedFault>())
        {
            var wrong = Packed.With(fault).Make(ChallengeMaterial.Sample, key);

            wrong.Payload.ToJsonString().Should().NotBe(right.Payload.ToJsonString(), $"{fault} is a fault");
            Faults.Describe(fault).Description.Should().NotBeEmpty();
            Faults.TryParse<PackedFault>(Faults.NameOf(fault), out var parsed).Should().BeTrue();
            parsed.Should().Be(fault);
        }
    }

    private static List<string> Members(byte[] attestationObject)
    {
        var names = new List<string>();
        Statement(attestationObject, (name, reader) =>
        {
            names.Add(name);
            reader.SkipValue();
        });
        return names;
    }

    private static List<byte[]> Certificates(byte[] attestationObject)
    {
        var certificates = new List<byte[]>();
        Statement(attestationObject, (name, reader) =>
        {
            if (name != "x5c")
            {
                reader.SkipValue();
                return;
            }

            reader.ReadStartArray();
            while (reader.PeekState() == CborReaderState.ByteString)
            {
                certificates.Add(reader.ReadByteString());
            }

            reader.ReadEndArray();
        });
        return certificates;
    }

    private static void Statement(byte[] attestationObject, Action<string, CborReader> member)
    {
        var reader = new CborReader(attestationObject);
        reader.ReadStartMap();
        while (reader.PeekState() == CborReaderState.TextString)
        {
            if (reader.ReadTextString() != "attStmt")
            {
                reader.SkipValue();
                continue;
            }

            reader.ReadStartMap();
            while (reader.PeekState() == CborReaderState.TextString)
            {
                member(reader.ReadTextString(), reader);
            }

            reader.ReadEndMap();
        }
    }
}
