using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>The certification request of a finalize, as far as rules ask for it.</summary>
internal sealed record SentRequest(string? Thumbprint, IReadOnlyList<string> CommonNames, IReadOnlyList<string> Dns, IReadOnlyList<IPAddress> Addresses, IReadOnlyList<string> PermanentIdentifiers)
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string CommonNameOid = "2.5.4.3";

    // RFC 4043
    private const string PermanentIdentifierOid = "1.3.6.1.5.5.7.8.3";

    public static SentRequest? Read(SentJws jws)
    {
        if (SentJws.Octets(SentJws.Text(jws.Content?["csr"])) is not { } der)
        {
            return null;
        }

        try
        {
            var request = CertificateRequest.LoadSigningRequest(der, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions | CertificateRequestLoadOptions.SkipSignatureValidation);
            var names = request.CertificateExtensions.FirstOrDefault(extension => extension.Oid?.Value == SubjectAlternativeName) is { } extension ? new X509SubjectAlternativeNameExtension(extension.RawData) : null;
            return new SentRequest(
                ThumbprintOf(request.PublicKey.ExportSubjectPublicKeyInfo()),
                [.. request.SubjectName.EnumerateRelativeDistinguishedNames().Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonNameOid).Select(part => part.GetSingleElementValue()).OfType<string>()],
                names is null ? [] : [.. names.EnumerateDnsNames()],
                names is null ? [] : [.. names.EnumerateIPAddresses()],
                names is null ? [] : [.. Permanent(names.RawData)]);
        }
        catch (Exception none) when (none is CryptographicException or AsnContentException)
        {
            return null;
        }
    }

    /// <summary>RFC 7638 of a SubjectPublicKeyInfo; null for keys that are not known here.</summary>
    public static string? ThumbprintOf(byte[] spki)
    {
        try
        {
            return Jwk.FromSpki(spki).Thumbprint;
        }
        catch (Exception none) when (none is CryptographicException or ProblemException)
        {
            return null;
        }
    }

    /// <summary>What is wrong with the names for an order of these identifiers; null where nothing is.</summary>
    public string? WrongNames(IReadOnlyList<(string Type, string Value)> identifiers)
    {
        var dns = identifiers.Where(one => one.Type == "dns").Select(one => one.Value.ToLowerInvariant()).ToHashSet();
        var addresses = identifiers.Where(one => one.Type == "ip").Select(one => IPAddress.TryParse(one.Value, out var address) ? address : IPAddress.None).ToHashSet();
        // RFC 8555 §7.4: a name in the common name counts too; the subject of a device is its own affair
        var commonNames = CommonNames.Where(name => dns.Contains(name.ToLowerInvariant()) || addresses.Any(address => address.ToString() == name)).ToList();
        var foundDns = Dns.Concat(commonNames.Where(name => !IPAddress.TryParse(name, out _))).Select(name => name.ToLowerInvariant()).ToHashSet();
        var foundAddresses = Addresses.Concat(commonNames.Select(name => IPAddress.TryParse(name, out var address) ? address : null).OfType<IPAddress>()).ToHashSet();
        if (dns.Count + addresses.Count > 0 && (!foundDns.SetEquals(dns) || !foundAddresses.SetEquals(addresses)))
        {
            return $"ordered {string.Join(", ", dns.Concat(addresses.Select(address => address.ToString())))}; requested {string.Join(", ", foundDns.Concat(foundAddresses.Select(address => address.ToString())).DefaultIfEmpty("nothing"))}";
        }

        var permanent = identifiers.Where(one => one.Type == "permanent-identifier").Select(one => one.Value.Split('/')[0]).ToHashSet();
        return PermanentIdentifiers.FirstOrDefault(value => !permanent.Contains(value)) is { } other ? $"the request names the device '{other}', the order {string.Join(", ", permanent.DefaultIfEmpty("none"))}" : null;
    }

    private static IEnumerable<string> Permanent(byte[] names)
    {
        var found = new List<string>();
        var sequence = new AsnReader(names, AsnEncodingRules.DER).ReadSequence();
        while (sequence.HasData)
        {
            var tag = sequence.PeekTag();
            if (!tag.HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                sequence.ReadEncodedValue();
                continue;
            }

            var other = sequence.ReadSequence(tag);
            if (other.ReadObjectIdentifier() == PermanentIdentifierOid)
            {
                var value = other.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
                if (value.HasData && value.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.UTF8String)))
                {
                    found.Add(value.ReadCharacterString(UniversalTagNumber.UTF8String));
                }
            }
        }

        return found;
    }
}
