using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>Asks recursive resolvers: retries, follows aliases, and ends in time. Never throws for what the network says.</summary>
/// <param name="servers">Read for each look-up, so that a changed system configuration counts at once.</param>
internal sealed class DnsClient(Func<IReadOnlyList<IPEndPoint>> servers, NetworkTiming timing)
{
    public const int MaxAliases = 8;

    public async Task<DnsAnswer> Resolve(DnsName name, DnsType type, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(timing.DnsTotal);
        var asked = new DnsQuestion(name, type);
        var aliases = new List<DnsName>();
        while (true)
        {
            var current = aliases.Count == 0 ? name : aliases[^1];
            var (reply, answer) = await Ask(asked with { Name = current }, bound.Token, cancellation);
            answer = answer with { Question = asked };
            if (reply is null)
            {
                return answer with { Aliases = aliases };
            }

            var before = aliases.Count;
            var fault = Follow(reply, name, type, aliases);
            answer = answer with { Aliases = aliases };
            if (fault is not null)
            {
                return answer with { Outcome = fault.Value, Cause = "there are two CNAME records at one name" };
            }

            // RFC 6604 §3: the code of a reply with aliases is about the last name.
            current = aliases.Count == 0 ? name : aliases[^1];
            var found = reply.Answers.Where(r => r.Type == type && r.Owner.Equals(current)).ToList();
            if (found.Count > 0)
            {
                return answer with { Outcome = DnsOutcome.Found, Records = found };
            }

            if (reply.ResponseCode == DnsMessage.NameError || aliases.Count == before)
            {
                return answer with { Outcome = reply.ResponseCode == DnsMessage.NameError ? DnsOutcome.NoSuchName : DnsOutcome.NoRecords };
            }
        }
    }

    /// <summary>Follows the CNAME records of one reply from the last known alias on, whatever their order.</summary>
    private static DnsOutcome? Follow(DnsReply reply, DnsName name, DnsType type, List<DnsName> aliases)
    {
        if (type == DnsType.Cname)
        {
            return null;
        }

        var cnames = reply.Answers.OfType<CnameRecord>().ToList();
        while (true)
        {
            var current = aliases.Count == 0 ? name : aliases[^1];
            var targets = cnames.Where(c => c.Owner.Equals(current)).Select(c => c.Target).Distinct().ToList();
            if (targets.Count == 0)
            {
                return null;
            }

            if (targets.Count > 1)
            {
                return DnsOutcome.MalformedReply;
            }

            if (targets[0].Equals(name) || aliases.Contains(targets[0]))
            {
                return DnsOutcome.AliasLoop;
            }

            if (aliases.Count == MaxAliases)
            {
                return DnsOutcome.TooManyAliases;
            }

            aliases.Add(targets[0]);
        }
    }

    /// <summary>A reply with NOERROR or NXDOMAIN; else null and the outcome of the last attempt.</summary>
    private async Task<(DnsReply? Reply, DnsAnswer Answer)> Ask(DnsQuestion question, CancellationToken bound, CancellationToken cancellation)
    {
        var resolvers = servers();
        var answer = new DnsAnswer { Question = question, Outcome = resolvers.Count == 0 ? DnsOutcome.NoResolver : DnsOutcome.Timeout };
        var edns = true;
        for (var attempt = 0; attempt < timing.DnsAttempts && resolvers.Count > 0 && !bound.IsCancellationRequested; attempt++)
        {
            var server = resolvers[attempt % resolvers.Count];
            answer = answer with { Server = server };
            using var single = CancellationTokenSource.CreateLinkedTokenSource(bound);
            single.CancelAfter(timing.DnsAttempt);
            try
            {
                var reply = await DnsExchange.Ask(server, question, edns, single.Token);
                if (reply.ResponseCode is DnsMessage.NoError or DnsMessage.NameError)
                {
                    return (reply, answer);
                }

                answer = answer with { Outcome = Code(reply.ResponseCode), Cause = $"response code {reply.ResponseCode}" };
                if (reply.ResponseCode == DnsMessage.FormatError && edns)
                {
                    edns = false; // RFC 6891 §7: the server may be older than EDNS
                }
                else if (attempt + 1 >= resolvers.Count)
                {
                    return (null, answer);
                }
            }
            catch (DnsFormatException wrong)
            {
                answer = answer with { Outcome = DnsOutcome.MalformedReply, Cause = $"no valid reply: {wrong.Message}" };
            }
            catch (SocketException failed)
            {
                answer = answer with { Outcome = DnsOutcome.Unreachable, Cause = $"the resolver is not reached: {failed.SocketErrorCode}" };
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                answer = answer with { Outcome = DnsOutcome.Timeout };
            }
        }

        cancellation.ThrowIfCancellationRequested();
        return (null, answer);
    }

    private static DnsOutcome Code(int responseCode) => responseCode switch
    {
        DnsMessage.ServerFailure => DnsOutcome.ServerFailure,
        DnsMessage.Refused => DnsOutcome.Refused,
        _ => DnsOutcome.OtherError,
    };
}
