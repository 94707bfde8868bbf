using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>Who stands for an endorsement key.</summary>
internal enum EkVoucher
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>The vendor, by a chain to an anchor.</summary>
    Chain,

    /// <summary>The profile, which names this very certificate.</summary>
    CertificateHash,

    /// <summary>The profile, which names the key; what its certificate says is worth nothing.</summary>
    KeyHash,
}

/// <summary>Whether the profile accepts an endorsement key: by its vendor's chain, or because the profile names it.</summary>
internal static class EkTrustChecks
{
    public static readonly CheckRule CertificateRule = new(
        "ek-certificate", "the certificate is that of an endorsement key: v3, no CA, 2.23.133.8.1, TPM manufacturer; or the profile names the key by its hash");

    public static readonly CheckRule Vendor = new(
        "ek-vendor", "the vendor is one of the profile's; software, test, unregistered and virtual TPMs only where the profile names their id");

    public static readonly CheckRule[] All = [CommonChecks.Chain, CommonChecks.AnchorValidity, CertificateRule, Vendor];

    /// <summary>Records all four; who vouches for the key.</summary>
    public static EkVoucher Check(CheckList checks, EkEvidence evidence, EkParts parts, EkCertificate? certificate)
    {
        var allow = evidence.Policy.Allow;
        var voucher = parts.CertificateHash is { } hash && allow.Contains(hash) ? EkVoucher.CertificateHash
            : allow.Contains(parts.PublicKeyHash) ? EkVoucher.KeyHash
            : EkVoucher.None;
        if (voucher != EkVoucher.None)
        {
            return Allowed(checks, evidence, parts, certificate, voucher);
        }

        if (certificate is null)
        {
            checks.NotReached([CommonChecks.Chain, CommonChecks.AnchorValidity], "no certificate was sent");
            checks.Fail(CertificateRule, Reasons.EkCertificateMissing, $"no certificate was sent, and the profile does not name the key with SHA-256 {parts.PublicKeyHash}");
            checks.NotReached(Vendor, "no certificate says who the vendor is");
            return EkVoucher.None;
        }

        var chained = CommonChecks.CheckChain(checks, parts.Certificates!.Path, ForPath(evidence), Rules(evidence));
        if (certificate.Reason is { } reason)
        {
            checks.Fail(CertificateRule, reason, certificate.Found);
        }
        else
        {
            checks.Pass(CertificateRule, certificate.Found);
        }

        CheckVendor(checks, certificate.Tpm, evidence.Policy);
        return chained ? EkVoucher.Chain : EkVoucher.None;
    }

    private static EkVoucher Allowed(CheckList checks, EkEvidence evidence, EkParts parts, EkCertificate? certificate, EkVoucher voucher)
    {
        var named = voucher == EkVoucher.KeyHash ? $"the key with SHA-256 {parts.PublicKeyHash}" : $"the certificate with SHA-256 {parts.CertificateHash}";
        var path = parts.Certificates is { } certificates
            ? CertificatePath.Verify(
                certificates.Path, evidence.Anchors, evidence.Now, Rules(evidence), evidence.VerifiedIntermediates, new AnchorUse(EkVerifier.Format, evidence.Profile))
            : new PathResult(Reasons.EkCertificateMissing, "no certificate was sent");
        checks.Pass(CommonChecks.Chain, path.Reason is null ? path.Found : $"not needed, the profile names {named}; otherwise {path.Reason}: {path.Found}");
        checks.Pass(CommonChecks.AnchorValidity, path.Anchor is { } anchor ? $"{anchor} ends at {new FactValue.Instant(anchor.NotAfter)}" : "not needed");
        checks.Pass(CertificateRule, $"the profile names {named}");
        checks.Pass(Vendor, $"the profile names {named}");
        return path.Reason is null && certificate is { Reason: null } ? EkVoucher.Chain : voucher;
    }

    private static void CheckVendor(CheckList checks, TpmDescription tpm, EkPolicy policy)
    {
        if (tpm.Vendor is not { } vendor)
        {
            checks.NotReached(Vendor, "the certificate does not say who the vendor is");
            return;
        }

        var shown = $"{vendor.Name} (id:{vendor.Id}{(vendor.Software ? ", software" : vendor.Registered ? "" : ", not registered")}{(tpm.Virtual ? ", virtual" : "")})";
        var hardware = vendor.Registered && !tpm.Virtual;
        if (policy.Vendors.Contains(vendor.Id) || (hardware && policy.Vendors.Contains(EkPolicy.RegisteredVendors)))
        {
            checks.Pass(Vendor, shown);
        }
        else
        {
            checks.Fail(Vendor, Reasons.EkVendorNotAccepted, $"{shown}; accepted: {string.Join(", ", policy.Vendors)}");
        }
    }

    private static PathRules Rules(EkEvidence evidence) => new() { AllowSha1 = evidence.AllowSha1, TolerateExpired = evidence.Policy.TolerateExpired };

    private static Evidence ForPath(EkEvidence evidence) => new()
    {
        AttestationObject = default,
        Formats = [EkVerifier.Format],
        Format = EkVerifier.Format,
        Profile = evidence.Profile,
        Anchors = evidence.Anchors,
        Now = evidence.Now,
        VerifiedIntermediates = evidence.VerifiedIntermediates,
    };
}
