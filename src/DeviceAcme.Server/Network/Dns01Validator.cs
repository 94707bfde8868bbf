using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Network.Dns;

namespace DeviceAcme.Server.Network;

/// <summary>dns-01 (RFC 8555 §8.4): one of the TXT records at <c>_acme-challenge.</c> holds the digest of the key authorization.</summary>
internal sealed class Dns01Validator(DnsClient dns, ValidationRun run) : IChallengeValidator
{
    private const int MaxShown = 3;

    public string Type => "dns-01";

    public Task<Problem?> Validate(ValidationTarget target, CancellationToken cancellation) =>
        run.Run(target, Type, attempt => LookUp(target, attempt), cancellation);

    private async Task LookUp(ValidationTarget target, ValidationAttempt attempt)
    {
        // RFC 8738 §7: dns-01 is not for addresses.
        if (target.Identifier.Type != AcmeIdentifier.Dns || !DnsName.TryParse($"_acme-challenge.{target.Identifier.Value}", out var name))
        {
            throw Problems.RejectedIdentifier("dns-name-invalid", $"{Excerpt.Of(target.Identifier.Value)} with _acme-challenge before it is not a domain name");
        }

        attempt.Step = $"looking up TXT of {name}";
        var expected = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(target.KeyAuthorization))));
        var answer = await dns.Resolve(name, DnsType.Txt, attempt.Cancellation);
        if (answer.Outcome != DnsOutcome.Found)
        {
            throw answer.ToProblem();
        }

        var values = answer.Records.OfType<TxtRecord>().Select(r => r.Value).ToList();
        if (!values.Any(value => value.AsSpan().SequenceEqual(expected)))
        {
            var shown = string.Join(", ", values.Take(MaxShown).Select(value => Excerpt.Of(value)));
            var more = values.Count > MaxShown ? $" and {values.Count - MaxShown} more" : "";
            throw Problems.IncorrectResponse("dns-txt-mismatch", $"{answer.Describe()}, {shown}{more}; expected was {Excerpt.Of(expected)}");
        }
    }
}
