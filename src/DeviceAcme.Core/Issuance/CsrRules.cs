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
    private const string RequestRule = "the CSR is a well-formed request, signed by the key in it (RFC 2986)";
    private const string KeyTypeRule = "the profile allows the key's kind";
    private const string AccountKeyRule = "the key is not the account's (RFC 8555 §11.1)";
    private const string AttestedKeyRule = "the key is the one that the evidence attests (device-attest §5)";
    private const string NamesRule = "the CSR names exactly the dns and ip identifiers of the order (RFC 8555 §7.4)";
    private const string UrisRule = "a URI in the CSR is an ordered one, octet for octet";
    private const string DeviceNamesRule = "a device identifier in the CSR is an ordered one, octet for octet (device-attest §3.2, §4.2)";

    /// <summary>Reads the CSR, verifies its signature, and checks all rules.</summary>
    /// <returns>The request; null where it cannot be read.</returns>
    public static CertificateSigningRequest? Check(ReadOnlyMemory<byte> csr, CsrExpectation expected, FinalizeChecks checks)
    {
        CertificateSigningRequest? request = null;
        var attested = expected.AttestedKeys.Count > 0 || expected.Identifiers.Any(identifier => IsDevice(identifier.Type));
        checks.Run("csr", RequestRule, () =>
        {
            request = CertificateSigningRequest.Read(csr);
            return $"{csr.Length} bytes, {request.Key.Type}, {request.Names.Count} names";
        });
        (string Name, string Rule, Func<CertificateSigningRequest, string> Check)[] rules =
        [
            ("key-type", KeyTypeRule, read => CheckKeyType(read.Key, expected)),
            ("account-key", AccountKeyRule, read => CheckAccountKey(read.Key, expected)),
            .. attested ? [("attested-key", AttestedKeyRule, read => CheckAttestedKey(read.Key, expected))] : Array.Empty<(string, string, Func<CertificateSigningRequest, string>)>(),
            ("names", NamesRule, read => CheckClassicNames(read, expected.Identifiers)),
            .. expected.Identifiers.Any(identifier => identifier.Type == AcmeIdentifier.Uri) ? [("uris", UrisRule, read => CheckUris(read, expected))] : Array.Empty<(string, string, Func<CertificateSigningRequest, string>)>(),
            ("device-names", DeviceNamesRule, read => CheckDeviceNames(read, expected)),
        ];
        foreach (var (name, rule, check) in rules)
        {
            if (request is null)
            {
                checks.NotReached(name, rule);
            }
            else
            {
                checks.Run(name, rule, () => check(request));
            }
        }

        return request;
    }

    private static string CheckKeyType(SubjectKey key, CsrExpectation expected) => expected.Profile.Certificate.Keys.Contains(key.Type)
        ? key.Type
        : throw Problems.BadCsr("csr-key-type-not-allowed", $"csr: the key is {key.Type}; the profile allows {string.Join(", ", expected.Profile.Certificate.Keys)}");

    // RFC 8555 §11.1
    private static string CheckAccountKey(SubjectKey key, CsrExpectation expected) => !IsSame(key, expected.AccountKey)
        ? "another key than the account's"
        : throw Problems.BadCsr("csr-key-is-account-key", "csr: its key is the account's key; a key of its own was expected (RFC 8555 §11.1)");

    private static string CheckAttestedKey(SubjectKey key, CsrExpectation expected)
    {
        foreach (var identifier in expected.Identifiers)
        {
            if (expected.AttestedKeys.TryGetValue(identifier, out var attested))
            {
                // device-attest §5 and its Security Considerations: the attested key is the key that is certified
                if (!IsSame(key, attested))
                {
                    throw new ProblemException(Problems.BadCsr(
                        "csr-key-not-attested",
                        $"csr: its key is not the key that the evidence for {identifier.Type} attests; SHA-256 of its SubjectPublicKeyInfo is {Fingerprint(key.Info)}, attested was {Fingerprint(attested)}").Problem with
                    { Identifier = identifier });
                }
            }
            else if (IsDevice(identifier.Type) && expected.Profile.Attestation.Mode == AttestationMode.Required)
            {
                // authorized while the profile merely observed, and ordered or finalized under a version that requires evidence
                throw Problems.Unauthorized("authorization-not-attested", $"order: its {identifier.Type} was authorized without an attested key, which profile {expected.Profile.Name} requires; make a new order");
            }
        }

        return expected.AttestedKeys.Count > 0
            ? $"SHA-256 of its SubjectPublicKeyInfo is {Fingerprint(key.Info)}, as attested"
            : "warning: no key was attested; the profile merely observes";
    }

    private static string Fingerprint(ReadOnlyMemory<byte> info) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(info.Span));

    // RFC 8555 §7.4: exactly the order's set; a dns name may stand in the common name, in the alternative names, or in both
    private static string CheckClassicNames(CertificateSigningRequest request, IReadOnlyList<AcmeIdentifier> identifiers)
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

        return dns.Count + addresses.Count > 0 ? $"all {dns.Count + addresses.Count} that were ordered" : "none were ordered, none are asked for";
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

    // as with device identifiers: may be left out; a wish for another one is none where URIs are ordered
    private static string CheckUris(CertificateSigningRequest request, CsrExpectation expected)
    {
        var ordered = expected.Identifiers.Where(identifier => identifier.Type == AcmeIdentifier.Uri).Select(identifier => identifier.Value).ToHashSet(StringComparer.Ordinal);
        var asked = request.Names.OfType<GeneralName.Link>().ToList();
        return asked.Find(name => !ordered.Contains(name.Uri)) is { } other
            ? throw Problems.BadCsr("csr-uri-not-ordered", $"csr: the URI '{Excerpt(other.Uri)}' is not in the order, octet for octet")
            : asked.Count == 0 ? "it has none" : $"{asked.Count} as ordered";
    }

    // device-attest §3.2, §4.2: may be left out; what is there must be an ordered identifier, octet for octet
    private static string CheckDeviceNames(CertificateSigningRequest request, CsrExpectation expected)
    {
        var ordered = expected.Identifiers.Where(identifier => IsDevice(identifier.Type)).Select(NameFilling.Identifier).ToHashSet();
        var asked = request.Names.Where(name => name is GeneralName.PermanentIdentifier or GeneralName.HardwareModule).ToList();
        foreach (var name in asked)
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

        return asked.Count == 0 ? "it has none" : $"{asked.Count} as ordered";
    }

    private static bool IsSame(SubjectKey key, ReadOnlyMemory<byte> other) =>
        key.Info.Span.SequenceEqual(other.Span) || (SubjectKey.Read(other, out _) is { } read && key.Info.Span.SequenceEqual(read.Info.Span));

    private static bool IsDevice(string type) => type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;

    private static string Excerpt(string text) =>
        string.Concat(text.Take(128).Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '\uFFFD' : character));
}
