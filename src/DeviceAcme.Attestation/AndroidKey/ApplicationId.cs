using System.Formats.Asn1;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>AttestationApplicationId: the applications that may use the key, as Android (not the secure hardware) names them.</summary>
internal sealed record ApplicationId(IReadOnlyList<ApplicationPackage> Packages, IReadOnlyList<ReadOnlyMemory<byte>> SignatureDigests)
{
    private const int MaxMembers = 64;

    /// <summary>Throws <see cref="AsnContentException"/>.</summary>
    public static ApplicationId Read(byte[] der)
    {
        var file = new AsnReader(der, AsnEncodingRules.DER);
        var sequence = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var packages = new List<ApplicationPackage>();
        var set = sequence.ReadSetOf(skipSortOrderValidation: true);
        while (set.HasData)
        {
            var package = set.ReadSequence();
            var name = AuthorizationList.ReadText(package.ReadOctetString(), "a package name");
            if (!package.TryReadInt64(out var version) || packages.Count == MaxMembers)
            {
                throw new AsnContentException($"the package {EvidenceText.Visible(name)} has no small version, or there are more than {MaxMembers}");
            }

            package.ThrowIfNotEmpty();
            packages.Add(new ApplicationPackage(name, version));
        }

        var digests = new List<ReadOnlyMemory<byte>>();
        set = sequence.ReadSetOf(skipSortOrderValidation: true);
        while (set.HasData)
        {
            if (digests.Count == MaxMembers)
            {
                throw new AsnContentException($"more than {MaxMembers} signature digests");
            }

            digests.Add(set.ReadOctetString());
        }

        sequence.ThrowIfNotEmpty();
        return new ApplicationId(packages, digests);
    }
}

internal sealed record ApplicationPackage(string Name, long Version);
