using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>Google's extension that names the Compute Engine instance whose virtual TPM holds the key.</summary>
internal sealed record GceInstance(string Zone, BigInteger ProjectNumber, string ProjectId, BigInteger InstanceId, string InstanceName)
{
    public const string Oid = "1.3.6.1.4.1.11129.2.1.21";

    /// <summary>Reads the extension's value; throws <see cref="AsnContentException"/>.</summary>
    public static GceInstance Read(ReadOnlyMemory<byte> value)
    {
        var file = new AsnReader(value, AsnEncodingRules.DER);
        var sequence = file.ReadSequence();
        file.ThrowIfNotEmpty();

        // the security properties that may follow describe the host
        return new GceInstance(
            sequence.ReadCharacterString(UniversalTagNumber.UTF8String),
            sequence.ReadInteger(),
            sequence.ReadCharacterString(UniversalTagNumber.UTF8String),
            sequence.ReadInteger(),
            sequence.ReadCharacterString(UniversalTagNumber.UTF8String));
    }

    public IEnumerable<(string Name, FactValue Value)> Facts() =>
    [
        ("gce.zone", new FactValue.Text(Zone)),
        ("gce.project-number", new FactValue.Text(ProjectNumber.ToString(CultureInfo.InvariantCulture))),
        ("gce.project-id", new FactValue.Text(ProjectId)),
        ("gce.instance-id", new FactValue.Text(InstanceId.ToString(CultureInfo.InvariantCulture))),
        ("gce.instance-name", new FactValue.Text(InstanceName)),
    ];
}
