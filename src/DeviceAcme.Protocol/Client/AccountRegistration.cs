using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Protocol.Client;

/// <summary>What a client says in newAccount (RFC 8555 §7.3).</summary>
public sealed record AccountRegistration
{
    /// <summary>Contact URLs, for example <c>mailto:admin@example.org</c>.</summary>
    public IReadOnlyList<string> Contact { get; init; } = [];

    /// <summary>Whether the terms of service are agreed to.</summary>
    public bool TermsOfServiceAgreed { get; init; }

    /// <summary>Only look up the account of this key (§7.3.1).</summary>
    public bool OnlyReturnExisting { get; init; }

    /// <summary>The external account that vouches (§7.3.4).</summary>
    public ExternalAccountCredential? ExternalAccount { get; init; }
}

/// <summary>Key identifier and MAC key that a CA handed out (RFC 8555 §7.3.4).</summary>
/// <param name="KeyId">The <c>kid</c>.</param>
/// <param name="MacKey">The key, decoded from base64url.</param>
/// <param name="Algorithm">The MAC; null is HS256.</param>
public sealed record ExternalAccountCredential(string KeyId, byte[] MacKey, JwsAlgorithm? Algorithm = null);
