using System.Text.RegularExpressions;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Network.Dns;

namespace DeviceAcme.Server.Network.Caa;

/// <summary>Asks whether the holder of a name lets this CA issue for it (RFC 8659), for this account and by this challenge (RFC 8657).</summary>
internal sealed partial class CaaChecker(DnsClient dns, IReadOnlyList<string> identities)
{
    private const string Issue = "issue";
    private const string IssueWild = "issuewild";
    private static readonly string[] Understood = [Issue, IssueWild, "iodef"];

    /// <summary>Returns where issuance is allowed.</summary>
    /// <exception cref="ProblemException"><c>caa</c>, or <c>dns</c> where the records cannot be known.</exception>
    public async Task Check(ValidationTarget target, string challengeType, CancellationToken cancellation)
    {
        var (owner, records) = await FindRelevant(target.Identifier.Value, cancellation);
        if (records.FirstOrDefault(r => r.Critical && !IsOneOf(r.Tag, Understood)) is { } unknown)
        {
            // RFC 8659 §4.1: a critical property that is not understood forbids issuance.
            throw Problems.Caa("caa-critical-unknown", $"CAA of {owner} holds the critical property {Excerpt.Of(unknown.Tag)}, which this server does not know");
        }

        // RFC 8659 §4.3: issuewild counts for wildcards only, and there it takes the place of issue.
        var isWild = target.Wildcard && records.Any(r => IsOneOf(r.Tag, IssueWild));
        var property = isWild ? IssueWild : Issue;
        var restricting = records.Where(r => IsOneOf(r.Tag, property)).ToList();
        if (restricting.Count == 0)
        {
            return;
        }

        var found = $"CAA of {owner} has {string.Join(", ", restricting.Take(4).Select(r => $"{property} {Excerpt.Of(r.Value)}"))}";
        if (identities.Count == 0)
        {
            throw Problems.Caa(
                "caa-identities-missing",
                $"{found}, and this server has no CAA identity that such a record could name; its operator gives one with --caa-identities, or the profile leaves CAA out");
        }

        var ours = restricting.Select(r => CaaIssueValue.Read(r.Value)).Where(v => IsOneOf(v.Issuer, [.. identities])).ToList();
        if (ours.Count == 0)
        {
            throw Problems.Caa("caa-forbids", $"{found}; none of them names this server, which is {string.Join(", ", identities)}");
        }

        var forAccount = ours.Where(v => AllowsAccount(v, target)).ToList();
        if (forAccount.Count == 0)
        {
            throw Problems.Caa("caa-account", $"{found}; none of them allows account {target.AccountUrl} (accounturi, RFC 8657)");
        }

        if (!forAccount.Any(v => AllowsMethod(v, challengeType)))
        {
            throw Problems.Caa("caa-method", $"{found}; none of them allows {challengeType} (validationmethods, RFC 8657)");
        }
    }

    /// <summary>Climbs from the name towards the root until there are CAA records (RFC 8659 §3); aliases are followed by each look-up, and not climbed.</summary>
    private async Task<(DnsName Owner, List<CaaRecord> Records)> FindRelevant(string host, CancellationToken cancellation)
    {
        if (!DnsName.TryParse(host, out var name))
        {
            throw Problems.Dns("dns-name-invalid", $"{Excerpt.Of(host)} is not a name that can be looked up");
        }

        for (var at = name; !at.IsRoot; at = at.Parent)
        {
            var answer = await dns.Resolve(at, DnsType.Caa, cancellation);
            if (answer.Outcome == DnsOutcome.Found)
            {
                return (at, [.. answer.Records.OfType<CaaRecord>()]);
            }

            if (!answer.IsEmpty)
            {
                throw Problems.Dns("caa-lookup-failed", $"whether CAA allows this server to issue for {host} is not known, so it does not. {answer.Describe()}");
            }
        }

        return (name, []);
    }

    /// <summary>RFC 8657 §3: equal octet for octet; two of them, or one that is no URI, can be met by nobody.</summary>
    private static bool AllowsAccount(CaaIssueValue value, ValidationTarget target)
    {
        var wanted = value.Parameters.Where(p => p.Tag == "accounturi").ToList();
        return wanted.Count == 0 || (wanted.Count == 1 && target.IsAccount(wanted[0].Value));
    }

    /// <summary>RFC 8657 §4: one list of method labels, with ours among them.</summary>
    private static bool AllowsMethod(CaaIssueValue value, string challengeType)
    {
        var wanted = value.Parameters.Where(p => p.Tag == "validationmethods").ToList();
        return wanted.Count == 0 || (wanted.Count == 1 && MethodList().IsMatch(wanted[0].Value) && wanted[0].Value.Split(',').Contains(challengeType));
    }

    private static bool IsOneOf(string word, params ReadOnlySpan<string> words)
    {
        foreach (var known in words)
        {
            if (word.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9-]+(,[A-Za-z0-9-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex MethodList();
}
