using System.Net;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>What a CSR must agree with at finalize.</summary>
internal sealed record CsrExpectation
{
    /// <summary>The order's identifiers.</summary>
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    public required CertificateProfile Profile { get; init; }

    /// <summary>The account's key, DER SubjectPublicKeyInfo.</summary>
    public required ReadOnlyMemory<byte> AccountKey { get; init; }

    /// <summary>For each identifier that was proven by evidence: the attested key, DER SubjectPublicKeyInfo.</summary>
    public required IReadOnlyDictionary<AcmeIdentifier, ReadOnlyMemory<byte>> AttestedKeys { get; init; }
}

/// <summary>The rules between a CSR, the order and the evidence (RFC 8555 §7.4, device-attest §3.2, §4.2, §5). A refusal leaves the order <c>ready</c>.</summary>
internal static class CsrRules
{
    /// <summary>Reads the CSR, verifies its signature, and checks all rules.</summary>
    /// <exception cref="ProblemException"><c>badCSR</c> with a reason.</exception>
    public static CertificateSigningRequest Check(ReadOnlyMemory<byte> csr, CsrExpectation expected)
    {
        var request = CertificateSigningRequest.Read(csr);
        CheckKey(request.Key, expected);
        CheckClassicNames(request, expected.Identifiers);
        CheckDeviceNames(request, expected);
        return request;
    }

    private static void CheckKey(SubjectKey key, CsrExpectation expected)
    {
        if (!expected.Profile.Certificate.Keys.Contains(key.Type))
        {
            throw Problems.BadCsr("csr-key-type-not-allowed", $"csr: the key is {key.Type}; the profile allows {string.Join(", ", expected.Profile.Certificate.Keys)}");
        }

        // RFC 8555 §11.1
        if (IsSame(key, expected.AccountKey))
        {
            throw Problems.BadCsr("csr-key-is-account-key", "csr: its key is the account's key; a key of its own was expected (RFC 8555 §11.1)");
        }

        foreach (var identifier in expected.Identifiers.Where(identifier => IsDevice(identifier.Type)))
        {
            if (expected.AttestedKeys.TryGetValue(identifier, out var attested))
            {
                // device-attest §5 and its Security Considerations: the attested key is the key that is certified
                if (!IsSame(key, attested))
                {
                    throw Problems.BadCsr("csr-key-not-attested", $"csr: its key is not the key that the evidence for {identifier.Type} attests");
                }
            }
            else if (expected.Profile.Attestation.Mode == AttestationMode.Required)
            {
                // authorized while the profile merely observed, and ordered or finalized under a version that requires evidence
                throw Problems.Unauthorized("authorization-not-attested", $"order: its {identifier.Type} was authorized without an attested key, which profile {expected.Profile.Name} requires; make a new order");
            }
        }
    }

    // RFC 8555 §7.4: exactly the order's set; a dns name may stand in the common name, in the alternative names, or in both
    private static void CheckClassicNames(CertificateSigningRequest request, IReadOnlyList<AcmeIdentifier> identifiers)
    {
        var dns = identifiers.Where(identifier => identifier.Type == AcmeIdentifier.Dns).Select(identifier => identifier.Value)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var addresses = identifiers.Where(identifier => identifier.Type == AcmeIdentifier.Ip).Select(identifier => IPAddress.Parse(identifier.Value)).ToHashSet();
        var missing = new HashSet<string>(dns, StringComparer.OrdinalIgnoreCase);
        var missingAddresses = new HashSet<IPAddress>(addresses);
        foreach (var name in request.Names)
        {
            switch (name)
            {
                case GeneralName.Dns asked when !dns.Contains(asked.Name):
                    throw Problems.BadCsr("csr-identifier-not-ordered", $"csr: the dns name '{Excerpt(asked.Name)}' is not in the order");
                case GeneralName.Ip asked when !addresses.Contains(asked.Address):
                    throw Problems.BadCsr("csr-identifier-not-ordered", $"csr: the address {asked.Address} is not in the order");
                case GeneralName.Dns asked:
                    missing.Remove(asked.Name);
                    break;
                case GeneralName.Ip asked:
                    missingAddresses.Remove(asked.Address);
                    break;
                default:
                    break;
            }
        }

        if (dns.Count + addresses.Count > 0)
        {
            CheckCommonNames(request, dns, addresses, missing);
        }

        if (missing.Count + missingAddresses.Count > 0)
        {
            throw Problems.BadCsr(
                "csr-identifier-missing",
                $"csr: it lacks {string.Join(", ", missing.Concat(missingAddresses.Select(address => address.ToString())))}; every dns and ip identifier of the order was expected (RFC 8555 §7.4)");
        }
    }

    // every common name counts, not the first alone; one that is no ordered name must not look like one to anybody
    private static void CheckCommonNames(CertificateSigningRequest request, HashSet<string> dns, HashSet<IPAddress> addresses, HashSet<string> missing)
    {
        foreach (var (_, value) in request.Subject.Where(attribute => attribute.Oid == Oids.CommonName && attribute.Value is not ""))
        {
            if (value is not null && dns.Contains(value))
            {
                missing.Remove(value);
            }
            else if (value is null || !IPAddress.TryParse(value, out var address) || !addresses.Contains(address))
            {
                throw Problems.BadCsr("csr-common-name-not-ordered", $"csr: the common name '{Excerpt(value ?? "(not text)")}' is not an identifier of the order");
            }
        }
    }

    // device-attest §3.2, §4.2: may be left out; what is there must be an ordered identifier, octet for octet
    private static void CheckDeviceNames(CertificateSigningRequest request, CsrExpectation expected)
    {
        var ordered = expected.Identifiers.Where(identifier => IsDevice(identifier.Type)).Select(NameFilling.Identifier).ToHashSet();
        foreach (var name in request.Names.Where(name => name is GeneralName.PermanentIdentifier or GeneralName.HardwareModule))
        {
            if (!expected.Profile.Certificate.IdentifierInCertificate)
            {
                throw Problems.BadCsr("csr-device-name-not-wanted", "csr: it carries a PermanentIdentifier or HardwareModuleName; this profile keeps device identifiers out of certificates, leave it out (device-attest §3.2)");
            }

            if (!ordered.Contains(name))
            {
                throw Problems.BadCsr("csr-device-name-not-ordered", $"csr: its {(name is GeneralName.PermanentIdentifier ? "PermanentIdentifier" : "HardwareModuleName")} is not an identifier of the order, octet for octet");
            }
        }
    }

    private static bool IsSame(SubjectKey key, ReadOnlyMemory<byte> other) =>
        key.Info.Span.SequenceEqual(other.Span) || (SubjectKey.Read(other, out _) is { } read && key.Info.Span.SequenceEqual(read.Info.Span));

    private static bool IsDevice(string type) => type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;

    private static string Excerpt(string text) =>
        string.Concat(text.Take(128).Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '\uFFFD' : character));
}
