using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using static DeviceAcme.Simulator.Trials.RightTrials;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>What must be in an answer: headers, links, media types, and what a certificate says of what was ordered.</summary>
internal static class RightAnswers
{
    private static readonly string[] Ordered = ["dns", "ip", "permanent-identifier", "hardware-module"];

    public static IReadOnlyList<Fault> All { get; } =
    [
        Right("directory-complete", "RFC 8555 §7.1.1", "the directory is JSON and has a URL for everything that every server offers", Directory),
        Right("directory-by-post", "RFC 8555 §6.3", "the directory can be read by POST-as-GET too", async trial =>
        {
            var answer = await (await trial.Registered()).PostAsGet("directory", trial.DirectoryUrl, trial.Cancellation);
            return answer.Status == 200 ? Good() : Wrong($"HTTP status {answer.Status}");
        }),
        Right("nonce-with-every-answer", "RFC 8555 §6.5", "a POST that succeeds brings a nonce for the next", async trial =>
        {
            var client = await trial.Registered();
            var answer = await client.PostAsGet("account", client.AccountUrl!, trial.Cancellation);
            return answer.ReplayNonce is { Length: > 0 } nonce && Base64Url.IsValid(nonce) ? Good() : Wrong($"Replay-Nonce is '{answer.ReplayNonce}'");
        }),
        Right("problem-document", "RFC 8555 §6.7", "an error is application/problem+json, with a type of ACME's namespace", async trial =>
        {
            var client = await trial.Registered();
            var answer = await client.Post("newOrder", (await client.Directory(trial.Cancellation)).NewOrder, Octets("[]"), trial.Cancellation);
            return answer.Status < 400 ? Wrong($"HTTP status {answer.Status} for a list in the place of an order")
                : answer.MediaType != "application/problem+json" ? Wrong($"the media type is {answer.MediaType}")
                : answer.Problem?.Type.StartsWith(Problems.Namespace, StringComparison.Ordinal) == true ? Good() : Wrong($"the type is {answer.Problem?.Type}");
        }),
        Right("orders-listed", "RFC 8555 §7.1.2.1", "an account's orders can be listed", async trial =>
        {
            var order = await trial.Ordered();
            if ((await trial.Client.Account(trial.Cancellation)).Orders is null)
            {
                throw new SimulatorException("the account object has no member orders") { NotApplicable = true };
            }

            return (await trial.Client.Orders(trial.Cancellation)).Contains(order.Url) ? Good() : Wrong("the new order is not in the list");
        }),
        Right("key-change-conflict", "RFC 8555 §7.3.5", "a key change to a key that has an account is 409, and Location names that account", KeyConflict),
        Right("up-link", "RFC 8555 §7.5.1", "a challenge links to its authorization", async trial =>
        {
            var order = (await trial.Ordered()).Value;
            var challenge = await trial.Challenge(order);
            var answer = await trial.Client.PostAsGet("challenge", challenge.Url, trial.Cancellation);
            return answer.Links("up").SequenceEqual([order.Authorizations[0]]) ? Good() : Wrong($"Link rel=\"up\" is '{string.Join(", ", answer.Links("up"))}', expected {order.Authorizations[0]}");
        }),
        Right("order-follows-its-authorization", "RFC 8555 §7.1.6", "an order whose authorization was given up is invalid", async trial =>
        {
            var order = await trial.Ordered();
            await trial.Client.DeactivateAuthorization(order.Value.Authorizations[0], trial.Cancellation);
            var after = await trial.Client.Order(order.Url, trial.Cancellation);
            return after.Status == "invalid" ? Good() : Wrong($"the order is {after.Status}");
        }),
        Right("chain-media-type", "RFC 8555 §7.4.2", "a chain is application/pem-certificate-chain", async trial =>
        {
            var order = await trial.Issued();
            var answer = await trial.Client.PostAsGet("certificate", order.Value.Certificate!, trial.Cancellation);
            return answer.MediaType == "application/pem-certificate-chain" ? Good() : Wrong($"the media type is {answer.MediaType}");
        }),
        Right("chain-in-order", "RFC 8555 §9.1", "the leaf comes first, and each certificate is signed by the next", ChainInOrder),
        Right("certificate-names", "RFC 8555 §7.4", "the certificate has the ordered names, and none of their kinds that was not ordered", Names),
        Right("validity-as-asked", "RFC 8555 §7.4", "a certificate does not outlast the order's notAfter", Validity),
        Right("retry-after-while-processing", "RFC 8555 §7.5.1", "an answer about a validation that goes on says when to look again", RetryAfter).OfHosts() with { Recommended = true },
        Right("renewal-information", "RFC 9773 §4.2", "renewalInfo has a window for the certificate, and says when to ask again", RenewalInformation),
    ];

    private static async Task<Outcome> Directory(Trial trial)
    {
        var answer = await trial.Client.Send("directory", new HttpRequestMessage(HttpMethod.Get, trial.DirectoryUrl), trial.Cancellation);
        if (answer.Status != 200 || answer.MediaType != "application/json")
        {
            return Wrong($"HTTP status {answer.Status}, {answer.MediaType}");
        }

        var directory = JsonElement.Parse(answer.Body.Span);
        foreach (var name in new[] { "newNonce", "newAccount", "newOrder", "revokeCert", "keyChange" })
        {
            if (!directory.TryGetProperty(name, out var url) || url.ValueKind != JsonValueKind.String || !Uri.TryCreate(url.GetString(), UriKind.Absolute, out _))
            {
                return Wrong($"{name} is no URL");
            }
        }

        return Good();
    }

    private static async Task<Outcome> KeyConflict(Trial trial)
    {
        var client = await trial.Registered();
        var (other, taken) = (trial.NewSigner(), (string?)null);
        taken = (await trial.NewClient(other).Register(trial.Registration(), trial.Cancellation)).Url;
        var url = (await client.Directory(trial.Cancellation)).KeyChange;
        var payload = $$"""{"account":"{{client.AccountUrl}}","oldKey":{{trial.Signer.Jwk!.ToJson()}}}""";
        var answer = await client.Post("keyChange", url, other.Sign(url, Encoding.UTF8.GetBytes(payload), null, null), trial.Cancellation);
        return answer.Status == 409 && answer.Location == taken ? Good() : Wrong($"HTTP status {answer.Status}, Location {answer.Location}, expected 409 and {taken}");
    }

    private static async Task<Outcome> ChainInOrder(Trial trial)
    {
        var order = await trial.Issued();
        var chain = await trial.Client.DownloadChain(order.Value.Certificate!, trial.Cancellation);
        var certificates = chain.Certificates.Select(der => X509CertificateLoader.LoadCertificate(der)).ToList();
        try
        {
            for (var i = 0; i + 1 < certificates.Count; i++)
            {
                if (!certificates[i].IssuerName.RawData.AsSpan().SequenceEqual(certificates[i + 1].SubjectName.RawData))
                {
                    return Wrong($"certificate {i + 1} names the issuer '{certificates[i].Issuer}', certificate {i + 2} is '{certificates[i + 1].Subject}'");
                }
            }

            var leaf = certificates[0];
            return trial.Device.Key is { } key && !leaf.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()) ? Wrong("the first certificate is not the one of the request")
                : certificates.Count == 1 && leaf.Issuer != leaf.Subject ? Wrong($"the certificate of '{leaf.Issuer}', which signed the leaf, is not sent") : Good();
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }

    private static async Task<Outcome> Names(Trial trial)
    {
        var names = CertificateText.Read([await trial.Certificate()]).Names;
        var ordered = trial.Device.Identifiers.Select(identifier => $"{identifier.Type}:{identifier.Value}").ToList();
        var strange = names.FirstOrDefault(name => Ordered.Contains(name.Split(':')[0]) && !ordered.Contains(name, StringComparer.OrdinalIgnoreCase));
        // a certificate may keep the device to itself (device-attest §3.2); a host's name is what it is for
        var missing = trial.Device.ChallengeType == "device-attest-01" ? null : ordered.Find(name => !names.Contains(name, StringComparer.OrdinalIgnoreCase));
        return strange is not null ? Wrong($"{strange} was not ordered, {string.Join(", ", ordered)} was") : missing is not null ? Wrong($"{missing} was ordered, and the certificate has {string.Join(", ", names.DefaultIfEmpty("no names"))}") : Good();
    }

    private static async Task<Outcome> Validity(Trial trial)
    {
        var wished = DateTimeOffset.FromUnixTimeSeconds(trial.Now.AddDays(1).ToUnixTimeSeconds());
        var client = await trial.Registered();
        AcmeResource<OrderObject> order;
        try
        {
            order = await client.NewOrder(trial.OrderRequest() with { NotAfter = wished }, trial.Cancellation);
        }
        catch (AcmeClientException refused) when (refused.Problem is not null)
        {
            throw new SimulatorException($"the server takes no wishes for a validity: {refused.Message}") { NotApplicable = true };
        }

        var certificate = CertificateText.Read([await trial.Certificate(order)]);
        return certificate.NotAfter <= wished
            ? Good()
            : Wrong(string.Create(CultureInfo.InvariantCulture, $"asked was {wished:u}, the certificate ends {certificate.NotAfter:u}"));
    }

    private static async Task<Outcome> RetryAfter(Trial trial)
    {
        var order = (await trial.Ordered()).Value;
        var challenge = await trial.Challenge(order);
        await trial.Device.Answer(trial.Material(challenge), trial.Cancellation);
        var answer = await trial.Client.Post("challenge", challenge.Url, Octets("{}"), trial.Cancellation);
        var status = answer.Read(AcmeJson.Default.ChallengeObject).Status;
        await trial.Client.WaitForAuthorization(order.Authorizations[0], trial.Cancellation);
        return status != "processing" ? throw new SimulatorException($"the challenge was {status} at once") { NotApplicable = true }
            : answer.RetryAfter(trial.Now) is null ? Wrong("no Retry-After with a challenge that is processing") : Good();
    }

    private static async Task<Outcome> RenewalInformation(Trial trial)
    {
        var found = await trial.Client.Send("directory", new HttpRequestMessage(HttpMethod.Get, trial.DirectoryUrl), trial.Cancellation);
        if (!JsonElement.Parse(found.Body.Span).TryGetProperty("renewalInfo", out var url))
        {
            throw new SimulatorException("the directory offers no renewalInfo") { NotApplicable = true };
        }

        using var certificate = X509CertificateLoader.LoadCertificate(await trial.Certificate());
        var authority = certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;
        if (authority is not { } keyIdentifier)
        {
            return Wrong("the certificate has no authority key identifier");
        }

        var request = new HttpRequestMessage(HttpMethod.Get, $"{url.GetString()}/{Base64Url.Encode(keyIdentifier.Span)}.{Base64Url.Encode(certificate.SerialNumberBytes.Span)}");
        var answer = await trial.Client.Send("renewalInfo", request, trial.Cancellation);
        answer.RequireSuccess();
        var window = JsonElement.Parse(answer.Body.Span).GetProperty("suggestedWindow");
        return window.GetProperty("start").GetDateTimeOffset() >= window.GetProperty("end").GetDateTimeOffset() ? Wrong("the window ends before it begins")
            : answer.RetryAfter(trial.Now) is null ? Wrong("no Retry-After") : Good();
    }
}
