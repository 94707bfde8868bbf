using System.Net;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>How a look-up ended; each has its own reason code.</summary>
internal enum DnsOutcome
{
    Found,
    NoRecords,
    NoSuchName,
    ServerFailure,
    Refused,
    OtherError,
    MalformedReply,
    Timeout,
    Unreachable,
    AliasLoop,
    TooManyAliases,
    NoResolver,
}

/// <summary>The end of a look-up, aliases followed.</summary>
internal sealed record DnsAnswer
{
    public required DnsQuestion Question { get; init; }
    public required DnsOutcome Outcome { get; init; }
    public IReadOnlyList<DnsRecord> Records { get; init; } = [];

    /// <summary>The names that CNAME records led to, in order.</summary>
    public IReadOnlyList<DnsName> Aliases { get; init; } = [];

    /// <summary>The last server asked.</summary>
    public IPEndPoint? Server { get; init; }

    /// <summary>What exactly went wrong, for the outcomes that have more than one cause.</summary>
    public string? Cause { get; init; }

    /// <summary>Whether the name is known to have no such records, in contrast to not knowing.</summary>
    public bool IsEmpty => Outcome is DnsOutcome.NoRecords or DnsOutcome.NoSuchName;

    public string Reason => Outcome switch
    {
        DnsOutcome.Found => throw new InvalidOperationException("a look-up that found records is no refusal"),
        DnsOutcome.NoRecords => "dns-no-records",
        DnsOutcome.NoSuchName => "dns-no-such-name",
        DnsOutcome.ServerFailure => "dns-server-failure",
        DnsOutcome.Refused => "dns-refused",
        DnsOutcome.OtherError => "dns-error",
        DnsOutcome.MalformedReply => "dns-malformed-reply",
        DnsOutcome.Timeout => "dns-timeout",
        DnsOutcome.Unreachable => "dns-unreachable",
        DnsOutcome.AliasLoop => "dns-alias-loop",
        DnsOutcome.TooManyAliases => "dns-too-many-aliases",
        DnsOutcome.NoResolver => "dns-no-resolver",
        _ => throw new InvalidOperationException($"{Outcome} has no reason code"),
    };

    /// <summary>One clause for a problem's detail: what was asked, of whom, what came.</summary>
    public string Describe()
    {
        var said = Outcome switch
        {
            DnsOutcome.Found => $"{Records.Count} records",
            DnsOutcome.NoRecords => "no such records",
            DnsOutcome.NoSuchName => "no such name (NXDOMAIN)",
            DnsOutcome.ServerFailure => "SERVFAIL",
            DnsOutcome.Refused => "REFUSED",
            DnsOutcome.Timeout => "no reply in time",
            DnsOutcome.AliasLoop => "its CNAME records form a loop",
            DnsOutcome.TooManyAliases => $"more than {DnsClient.MaxAliases} CNAME records in a row",
            DnsOutcome.NoResolver => "this server knows no resolver; its operator can name one with --dns-resolver",
            _ => Cause,
        };
        var via = Aliases.Count == 0 ? "" : $" (by CNAME at {Aliases[^1]})";
        var from = Server is null ? "" : $" from resolver {Server}";
        return $"{Question}{via}{from}: {said}";
    }

    public ProblemException ToProblem() => Problems.Dns(Reason, Describe());
}
