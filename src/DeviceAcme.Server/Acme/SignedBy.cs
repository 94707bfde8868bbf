namespace DeviceAcme.Server.Acme;

/// <summary>Who must sign a POST (RFC 8555 §6.2). Stands as metadata on each route; a test finds routes without it.</summary>
internal enum Signer
{
    /// <summary><c>jwk</c>: the key itself, before an account exists.</summary>
    Key,

    /// <summary><c>kid</c>: an account.</summary>
    Account,

    /// <summary>Either: an account, or the key of a certificate (RFC 8555 §7.6).</summary>
    Either,
}

/// <summary>Route metadata: who must sign.</summary>
internal sealed record SignedBy(Signer Signer);
