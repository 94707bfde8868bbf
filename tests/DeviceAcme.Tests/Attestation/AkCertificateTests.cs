using System.Formats.Asn1;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using TpmVendor = DeviceAcme.Simulator.Vendors.TpmVendor;

namespace DeviceAcme.Tests.Attestation;

public sealed class AkCertificateTests
{
    private const string AlternativeName = "2.5.29.17";
    private const string ExtendedKeyUsage = "2.5.29.37";
    private static readonly TpmVendor Vendor = Trial.Vendors.Tpm;
    private static readonly (string, string)[] Ifx = [("2.23.133.2.1", "id:49465800"), ("2.23.133.2.2", "SLB9670"), ("2.23.133.2.3", "id:13")];

    [Fact]
    public void Quirk_the_purpose_need_not_be_the_first() =>
        Read(With(ExtendedKeyUsage, ExtensionFields.ExtendedKeyUsage("1.3.6.1.4.1.311.10.3.12", "2.23.133.8.3"))).Reason.Should().BeNull();

    [Fact]
    public void Quirk_a_firmware_version_may_be_short_and_the_attributes_in_one_RDN()
    {
        var ak = Read(With(AlternativeName, Names(writer => WriteDirectory(writer, Der.MultiValuedName(Ifx)))));

        ak.Reason.Should().BeNull(ak.Found);
        ak.Facts.Should().Contain(("tpm.firmware-version", new FactValue.Text("13"))).And.Contain(("tpm.manufacturer", new FactValue.Text("IFX")))
            .And.Contain(("tpm.virtual", new FactValue.Flag(false)));
    }

    [Fact]
    public void Quirk_a_cloud_TPM_is_virtual_by_its_model()
    {
        (string, string)[] google = [("2.23.133.2.1", "id:474F4F47"), ("2.23.133.2.2", "vTPM"), ("2.23.133.2.3", "id:20160511")];

        Read(With(AlternativeName, Names(writer => WriteDirectory(writer, Der.Name(google)))))
            .Facts.Should().Contain(("tpm.virtual", new FactValue.Flag(true)));
    }

    [Fact, Spec("device-attest §4")]
    public void A_hardware_module_name_is_read_as_an_order_writes_it()
    {
        var ak = Read(With(AlternativeName, Names(writer =>
        {
            WriteDirectory(writer, Der.Name(Ifx));
            WriteModule(writer, "AMD:0A0B:1234", "2.23.133.1.2");
        })));

        ak.Reason.Should().BeNull(ak.Found);
        ak.Facts.Should().Contain(("tpm.hardware-module", new FactValue.Text("AMD:0A0B:1234/2.23.133.1.2")));
    }

    [Fact, Spec("device-attest §3.2")]
    public void A_permanent_identifier_may_have_no_assigner_and_hold_a_slash()
    {
        var ak = Read(With(AlternativeName, Names(writer =>
        {
            WriteDirectory(writer, Der.Name(Ifx));
            WritePermanent(writer, "urn:ek:sha256:O6/n10te=", null);
        })));

        ak.Facts.Should().Contain(("tpm.permanent-identifier", new FactValue.Text("urn:ek:sha256:O6/n10te=")));
    }

    [Fact]
    public void A_value_that_ends_like_an_assigner_could_be_two_orders_and_is_refused() =>
        Read(With(AlternativeName, Names(writer =>
        {
            WriteDirectory(writer, Der.Name(Ifx));
            WritePermanent(writer, "ABC/1.2.3", null);
        }))).Reason.Should().Be(Reasons.CertificateMalformed);

    [Fact]
    public void Two_permanent_identifiers_cannot_be_compared_and_are_refused()
    {
        var ak = Read(With(AlternativeName, Names(writer =>
        {
            WriteDirectory(writer, Der.Name(Ifx));
            WritePermanent(writer, "A", null);
            WritePermanent(writer, "B", null);
        })));

        ak.Reason.Should().Be(Reasons.AkCertificateProfile);
        ak.Facts.Should().NotContain(fact => fact.Name == "tpm.permanent-identifier");
    }

    [Fact]
    public void An_empty_identifier_is_malformed() =>
        Read(With(AlternativeName, Names(writer => WritePermanent(writer, "", null)))).Reason.Should().Be(Reasons.CertificateMalformed);

    [Fact]
    public void A_module_serial_that_is_not_UTF8_is_malformed() =>
        Read(With(AlternativeName, Names(writer => WriteModule(writer, "\u00ff", "1.2.3", Encoding.Latin1)))).Reason.Should().Be(Reasons.CertificateMalformed);

    [Fact, Spec("RFC 5280 §4.2.1.6")]
    public void Where_the_subject_is_empty_the_alternative_name_must_be_critical()
    {
        var names = Names(writer => WriteDirectory(writer, Der.Name(Ifx))) with { Critical = false };
        var ak = Read(With(AlternativeName, names));

        ak.Reason.Should().Be(Reasons.AkCertificateProfile);
        ak.Found.Should().Contain("not critical");
    }

    [Fact]
    public void A_manufacturer_in_another_form_is_refused()
    {
        (string, string)[] odd = [("2.23.133.2.1", "IFX"), ("2.23.133.2.2", "SLB9670"), ("2.23.133.2.3", "id:13")];

        Read(With(AlternativeName, Names(writer => WriteDirectory(writer, Der.Name(odd))))).Reason.Should().Be(Reasons.AkCertificateProfile);
    }

    [Fact]
    public void A_model_or_version_that_is_missing_is_refused()
    {
        foreach (var missing in new[] { 1, 2 })
        {
            var attributes = Ifx.Where((_, index) => index != missing).ToArray();
            Read(With(AlternativeName, Names(writer => WriteDirectory(writer, Der.Name(attributes))))).Reason.Should().Be(Reasons.AkCertificateProfile);
        }
    }

    private static AkCertificate Read(CertificateFields fields)
    {
        Certificate.TryRead(Vendor.AttestationCa.Issue(fields), out var certificate, out var problem).Should().BeTrue(problem);
        return AkCertificate.Read(certificate!);
    }

    private static CertificateFields With(string oid, ExtensionFields replacement)
    {
        var fields = Vendor.AkFields("A", Vendor.AttestationCa.Key.PublicKey, Trial.Now);
        return fields with { Extensions = [.. fields.Extensions.Select(extension => extension.Oid == oid ? replacement : extension)] };
    }

    private static ExtensionFields Names(Action<AsnWriter> content) => new(AlternativeName, true, Der.Sequence(content));

    private static void WriteDirectory(AsnWriter writer, byte[] name)
    {
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
        {
            writer.WriteEncodedValue(name);
        }
    }

    private static void WritePermanent(AsnWriter writer, string value, string? assigner) => WriteOther(writer, "1.3.6.1.5.5.7.8.3", () =>
    {
        writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
        if (assigner is not null)
        {
            writer.WriteObjectIdentifier(assigner);
        }
    });

    private static void WriteModule(AsnWriter writer, string serial, string type, Encoding? encoding = null) => WriteOther(writer, "1.3.6.1.5.5.7.8.4", () =>
    {
        writer.WriteObjectIdentifier(type);
        writer.WriteOctetString((encoding ?? Encoding.UTF8).GetBytes(serial));
    });

    private static void WriteOther(AsnWriter writer, string oid, Action content)
    {
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            writer.WriteObjectIdentifier(oid);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (writer.PushSequence())
            {
                content();
            }
        }
    }
}
