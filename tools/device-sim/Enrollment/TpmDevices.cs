using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>Machines with a TPM: in managed code, or a real software TPM.</summary>
internal static class TpmDevices
{
    public const string Standard = "tpm-1";
    public const string StandardWindows = "windows-1";

    public static Task<IDevice> Start(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, CancellationToken cancellation)
    {
        if (settings.Swtpm)
        {
            return StartSwtpm(settings, vendors, now, cancellation);
        }

        var tpm = new FakeTpm(vendors().Tpm, settings.Serial ?? Standard);
        return Task.FromResult<IDevice>(Machine(settings, new TpmMaker(tpm, now).With(settings.Faults<TpmFault>()), tpm.Identifier, "ec-p256", named: true));
    }

    /// <summary>As Windows makes it: attestation and application key are RSA, and the request leaves all names to the server.</summary>
    public static Task<IDevice> StartWindows(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now)
    {
        var tpm = new FakeTpm(vendors().Tpm, settings.Serial ?? StandardWindows) { GrowsRsaKeys = settings.Seed is not null };
        var maker = new TpmMaker(tpm, now) { RsaAttestationKey = true };
        return Task.FromResult<IDevice>(Machine(settings, maker.With(settings.Faults<TpmFault>()), tpm.Identifier, "rsa-2048", named: false));
    }

    /// <summary>Has the attestation key certified by the server first.</summary>
    public static async Task<IDevice> StartActivated(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, CancellationToken cancellation)
    {
        var kind = settings.EndorsementKey == "ec" ? EkKind.EcP256 : EkKind.Rsa2048;
        var maker = Endorsement(vendors(), settings.Serial ?? Standard, kind, settings.Facts.TpmVendor, now).With(settings.Faults<EkFault>());
        var attestationCa = settings.AttestationCa ?? throw new SimulatorException("no attestation CA is named", "--attestation-ca, or --directory of a profile that has one");
        return await ActivatedTpm.Start(maker, attestationCa, settings, now, cancellation);
    }

    /// <summary>What a TPM shows of its endorsement key, the same in each run.</summary>
    public static EkMaker Endorsement(FakeVendors vendors, string name, EkKind kind, string? manufacturer, DateTimeOffset now) =>
        new(new FakeTpm(vendors.Tpm, name) { GrowsRsaKeys = true }, now) { Kind = kind, Manufacturer = manufacturer };

    /// <summary>A machine with a TPM that exists in this process alone.</summary>
    public static AttestingDevice Machine(DeviceSettings settings, TpmMaker maker, string identifier, string key, bool named)
    {
        var own = settings.Key(key);
        return new AttestingDevice(settings.Kind, new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, identifier), challenge => maker.Make(challenge, own), own)
        {
            ShortSignatures = settings.ShortSignatures ?? false,
            Csr = settings.Csr ?? (named ? new CsrContent { PermanentIdentifier = identifier.Split('/')[0] } : CsrContent.Nothing),
        };
    }

    private static async Task<IDevice> StartSwtpm(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, CancellationToken cancellation)
    {
        if (settings.Fault is not (null or SwtpmEnrollee.OtherKey))
        {
            throw new SimulatorException($"a real TPM makes no faults but {SwtpmEnrollee.OtherKey}", "use --tpm managed for the others");
        }

        var state = settings.SwtpmFolder(settings.Serial ?? Standard);
        var endorsementKey = settings.EndorsementKey == "ec" ? EndorsementKeyKind.P384 : EndorsementKeyKind.Rsa2048;
        return await SwtpmEnrollee.Start(state, settings.Key ?? "ec-p256", endorsementKey, Certify, settings.Fault is not null, cancellation);

        Task<CertifiedAttestationKey> Certify(SwtpmDevice tpm) => settings.AttestationCa is { } client
            ? CertifiedAttestationKey.Activated(tpm, client, SwtpmProcess.VendorIntermediates(state), rsa: settings.EndorsementKey != "ec", cancellation)
            : CertifiedAttestationKey.Faked(tpm, vendors().Tpm, now, rsa: true, cancellation);
    }
}
