using System.Net;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What the command line or a device file says about a device.</summary>
internal sealed record DeviceSettings
{
    public required string Kind { get; init; }

    /// <summary>Key type; null chooses the kind's own.</summary>
    public string? Key { get; init; }

    /// <summary>Serial number, or the name of a TPM; null for the one that the kind has without further options.</summary>
    public string? Serial { get; init; }

    /// <summary>What an Apple device orders instead of its serial number: a profile's ClientIdentifier.</summary>
    public string? Ordered { get; init; }

    /// <summary>What its hardware says of it, where that is not the kind's own.</summary>
    public DeviceFacts Facts { get; init; } = new();

    /// <summary>What its request asks for; null for the kind's own.</summary>
    public CsrContent? Csr { get; init; }

    /// <summary>Whether it leaves leading zeros of signatures out; null for the kind's own habit.</summary>
    public bool? ShortSignatures { get; init; }

    /// <summary>All its keys grow from it; null draws them.</summary>
    public Seed? Seed { get; init; }

    /// <summary>One of thousands: its vendor signs with whatever is fast.</summary>
    public bool InHaste { get; init; }

    /// <summary>Real software TPM or managed code.</summary>
    public bool Swtpm { get; init; }

    /// <summary>Which endorsement key of a TPM: rsa or ec.</summary>
    public string EndorsementKey { get; init; } = "rsa";

    /// <summary>The server's attestation CA; null for the simulator's own.</summary>
    public ActivationClient? AttestationCa { get; init; }

    /// <summary>Kebab-case name of a fault of its evidence.</summary>
    public string? Fault { get; init; }
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Where a host answers; null for one of its own.</summary>
    public IHostNetwork? Network { get; init; }
    public IPEndPoint DnsListen { get; init; } = new(IPAddress.Loopback, 8053);
    public int HttpPort { get; init; } = 5002;
    public string TxtRecords { get; init; } = Commands.Defaults.TxtRecords;

    /// <summary>State folder of a software TPM of this name.</summary>
    public Func<string, string> SwtpmFolder { get; init; } = Commands.Defaults.Swtpm;
}

/// <summary>What hardware says of a device. Null is the kind's own, an empty text a blank property.</summary>
internal sealed record DeviceFacts
{
    public string? Udid { get; init; }
    public string? Imei { get; init; }
    public string? Model { get; init; }

    /// <summary>Apple: the version as it is shown. Android: MMmmss, 160000 is 16.</summary>
    public string? OsVersion { get; init; }
    public string? SecureBoot { get; init; }

    /// <summary>System Integrity Protection; 0 is on.</summary>
    public int? Sip { get; init; }

    /// <summary>Android: YYYYMM.</summary>
    public int? PatchLevel { get; init; }

    /// <summary>Android: the key lives in a chip of its own.</summary>
    public bool? StrongBox { get; init; }

    /// <summary>YubiKey: major, minor, patch.</summary>
    public string? Firmware { get; init; }

    /// <summary>TPM that shows its endorsement certificate: the vendor's id in it.</summary>
    public string? TpmVendor { get; init; }
}
