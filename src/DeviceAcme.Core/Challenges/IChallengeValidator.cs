using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Challenges;

/// <summary>Fetches what a client published for one challenge type over the network: http-01, dns-01, tls-alpn-01.</summary>
internal interface IChallengeValidator
{
    /// <summary>The challenge type, for example <c>http-01</c>.</summary>
    string Type { get; }

    /// <summary>Null when the challenge is fulfilled; else the problem that the client is told. Never throws for what the network says.</summary>
    Task<Problem?> Validate(ValidationTarget target, CancellationToken cancellation);
}

/// <summary>One validation to be done.</summary>
internal sealed record ValidationTarget
{
    /// <summary>dns (without a wildcard's <c>*.</c>) or ip.</summary>
    public required AcmeIdentifier Identifier { get; init; }

    /// <summary>True where the order asked for <c>*.</c> (RFC 8555 §7.1.4).</summary>
    public required bool Wildcard { get; init; }

    public required string Token { get; init; }
    public required string KeyAuthorization { get; init; }

    /// <summary>The account's URL in the profile's directory, for CAA <c>accounturi</c> (RFC 8657 §3).</summary>
    public required string AccountUrl { get; init; }

    /// <summary>SHA-256 of the code in that URL, hex, where the account lives in the directory of a ticket; <see cref="AccountUrl"/> is without it.</summary>
    public string? TicketHash { get; init; }

    /// <summary>Whether CAA is honoured for this profile.</summary>
    public required bool CheckCaa { get; init; }

    /// <summary>Whether a URI is the account's. That of a ticket's account may leave the code away: what stands in the DNS is no secret any more.</summary>
    public bool IsAccount(string uri)
    {
        var end = AccountUrl.LastIndexOf("/account/", StringComparison.Ordinal);
        return uri == AccountUrl
            || (TicketHash is not null && uri.Length == AccountUrl.Length + TicketCode.Length + 1
                && uri.StartsWith(AccountUrl[..(end + 1)], StringComparison.Ordinal) && uri.EndsWith(AccountUrl[end..], StringComparison.Ordinal)
                && TicketCode.Hash(uri.Substring(end + 1, TicketCode.Length)) == TicketHash);
    }
}
