using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Serve.Judging;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Serve;

/// <summary>A client that does many things wrong on purpose: exactly the rules that it breaks fail.</summary>
[Collection(TrialServerCollection.Name)]
public sealed class BadClientTests(TrialServerFixture serve)
{
    [Fact, Spec("RFC 8555 §6.5"), Spec("RFC 8555 §7.4")]
    public async Task What_it_does_wrong_fails_and_nothing_else()
    {
        serve.Begin(new Switches { ValidationDelay = TimeSpan.FromSeconds(2), Processing = TimeSpan.FromMilliseconds(1500) });
        using var client = new BadClient(serve);

        await client.Enroll();

        serve.Failed(Level.Must, Level.Should).Select(failed => failed.Split(':')[0]).Should().BeEquivalentTo(
            "user-agent", "accept-language", "new-nonce-by-head", "nonce-once", "post-as-get", "no-guessed-urls", "finalize-when-ready", "validation-poll-pause", "order-poll-pause",
            "csr-key-is-not-account-key", "challenge-answered-once", "certificate-downloaded", "signature-length");
    }

    [Fact, Spec("RFC 8555 §6.6"), Spec("RFC 8555 §6.7.1")]
    public async Task Coming_back_too_early_and_with_refused_names_fails()
    {
        serve.Begin(new Switches { RateLimits = new RateLimit(2, TimeSpan.FromSeconds(30)), Subproblems = true });
        using var client = new BadClient(serve);

        await client.Hammer();

        serve.Failed(Level.Must, Level.Should).Select(failed => failed.Split(':')[0]).Should().BeEquivalentTo("user-agent", "accept-language", "new-nonce-by-head", "rate-limited", "subproblems");
    }

    /// <summary>Speaks with a bare HTTP client, so that nothing is right by itself.</summary>
    private sealed class BadClient(TrialServerFixture serve) : IDisposable
    {
        private readonly HttpClient _http = TrustedRoot.Client(serve.Root);
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private string? _account;
        private string? _nonce;

        private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

        public async Task Enroll()
        {
            var directory = await Begin();
            await Post((string)directory["newAccount"]!, """{"termsOfServiceAgreed":true}""");
            var spent = _nonce;
            var (order, orderUrl) = await Post((string)directory["newOrder"]!, """{"identifiers":[{"type":"permanent-identifier","value":"C02BADCLIENT"}]}""");
            _nonce = spent;
            var authorizationUrl = (string)order["authorizations"]![0]!;
            // a nonce that was used, then the same with a good one
            (await Post(authorizationUrl, "")).Json["type"]!.GetValue<string>().Should().EndWith("badNonce");
            var (authorization, _) = await Post(authorizationUrl, "");
            (await Send(HttpMethod.Get, orderUrl!)).StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
            (await Send(HttpMethod.Get, $"{serve.Run.Urls.BaseUrl}/acme/apple-device/new-nonce")).StatusCode.Should().Be(HttpStatusCode.NotFound);

            var challenge = authorization["challenges"]!.AsArray().Single(one => (string)one!["type"]! == "device-attest-01")!;
            var token = (string)challenge["token"]!;
            var material = new ChallengeMaterial(token, $"{token}.{Jwk.FromKey(_key).Thumbprint}");
            // Apple's authority attests the account's key: that is wrong too
            var vendors = new VendorFolder(serve.Run.State.Vendors.Path).Open();
            var evidence = new AppleMaker(vendors.Apple, TimeProvider.System.GetUtcNow()) { Device = AppleDevice.Mac() with { Serial = "C02BADCLIENT", Udid = AppleDevice.UdidOf("C02BADCLIENT") } }.Make(material, _key).Payload.ToJsonString();
            await Post((string)challenge["url"]!, evidence);
            await Post((string)challenge["url"]!, evidence);
            var csr = new CertificateRequest("CN=C02BADCLIENT", _key, HashAlgorithmName.SHA256).CreateSigningRequest();
            var finalize = $$"""{"csr":"{{Base64Url.Encode(csr)}}"}""";
            (await Post((string)order["finalize"]!, finalize)).Json["type"]!.GetValue<string>().Should().EndWith("orderNotReady");
            await Poll(authorizationUrl, "pending");
            // the account's key is refused; nothing else was attested, so this order cannot end well
            (await Post((string)order["finalize"]!, finalize)).Json["type"]!.GetValue<string>().Should().EndWith("badCSR");
            await EnrollName(directory);
        }

        public async Task Hammer()
        {
            var directory = await Begin();
            await Post((string)directory["newAccount"]!, "{}");
            var refused = """{"identifiers":[{"type":"permanent-identifier","value":"refused-1"}]}""";
            (await Post((string)directory["newOrder"]!, refused)).Json["subproblems"]!.AsArray().Should().ContainSingle();
            (await Post((string)directory["newOrder"]!, refused)).Json["type"]!.GetValue<string>().Should().EndWith("rateLimited");
            (await Post((string)directory["newOrder"]!, refused)).Json["type"]!.GetValue<string>().Should().EndWith("rateLimited");
        }

        public void Dispose()
        {
            _http.Dispose();
            _key.Dispose();
        }

        // a second order, with the evidence's key in the request: it is issued, polled in haste, and never fetched
        private async Task EnrollName(JsonNode directory)
        {
            var (order, orderUrl) = await Post((string)directory["newOrder"]!, """{"identifiers":[{"type":"permanent-identifier","value":"C02BADCLIENT"}]}""");
            var (authorization, _) = await Post((string)order["authorizations"]![0]!, "");
            var challenge = authorization["challenges"]!.AsArray().Single(one => (string)one!["type"]! == "device-attest-01")!;
            var token = (string)challenge["token"]!;
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var vendors = new VendorFolder(serve.Run.State.Vendors.Path).Open();
            var evidence = new AppleMaker(vendors.Apple, TimeProvider.System.GetUtcNow()) { Device = AppleDevice.Mac() with { Serial = "C02BADCLIENT", Udid = AppleDevice.UdidOf("C02BADCLIENT") } }
                .Make(new ChallengeMaterial(token, $"{token}.{Jwk.FromKey(_key).Thumbprint}"), key).Payload.ToJsonString();
            await Post((string)challenge["url"]!, evidence, shortSignature: true);
            await Poll((string)order["authorizations"]![0]!, "pending");
            await Post((string)order["finalize"]!, $$"""{"csr":"{{Base64Url.Encode(new CertificateRequest("CN=C02BADCLIENT", key, HashAlgorithmName.SHA256).CreateSigningRequest())}}"}""");
            await Poll(orderUrl!, "processing");
        }

        private async Task<JsonNode> Begin()
        {
            var directory = JsonNode.Parse(await (await Send(HttpMethod.Get, serve.DirectoryOf("apple-device"))).Content.ReadAsStringAsync(Cancellation))!;
            await Send(HttpMethod.Get, (string)directory["newNonce"]!);
            return directory;
        }

        private async Task Poll(string url, string status)
        {
            while ((string?)(await Post(url, "")).Json["status"] == status)
            {
                await Task.Delay(100, Cancellation);
            }
        }

        private async Task<(JsonNode Json, string? Location)> Post(string url, string payload, bool shortSignature = false)
        {
            while (true)
            {
                var header = new JsonObject { ["alg"] = "ES256", ["nonce"] = _nonce, ["url"] = url };
                header[_account is null ? "jwk" : "kid"] = _account is null ? JsonNode.Parse(Jwk.FromKey(_key).ToJson()) : _account;
                var (signed, body) = (Base64Url.Encode(Encoding.UTF8.GetBytes(header.ToJsonString())), Base64Url.Encode(Encoding.UTF8.GetBytes(payload)));
                var signature = _key.SignData(Encoding.ASCII.GetBytes($"{signed}.{body}"), HashAlgorithmName.SHA256);
                if (shortSignature && signature[0] != 0)
                {
                    // the signature is random: once in 256 times it begins with a zero, which macOS leaves out
                    continue;
                }

                var jws = new JsonObject { ["protected"] = signed, ["payload"] = body, ["signature"] = Base64Url.Encode(shortSignature ? signature[1..] : signature) };
                var answer = await Send(HttpMethod.Post, url, jws.ToJsonString());
                var location = answer.Headers.Location?.OriginalString;
                _account ??= location;
                return (JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!, location);
            }
        }

        private async Task<HttpResponseMessage> Send(HttpMethod method, string url, string? body = null)
        {
            using var request = new HttpRequestMessage(method, url);
            if (body is not null)
            {
                request.Content = new StringContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/jose+json");
            }

            var answer = await _http.SendAsync(request, Cancellation);
            _nonce = answer.Headers.TryGetValues("Replay-Nonce", out var nonces) ? nonces.First() : _nonce;
            return answer;
        }
    }
}
