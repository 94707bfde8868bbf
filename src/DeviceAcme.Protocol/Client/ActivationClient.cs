using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Tpm;

namespace DeviceAcme.Protocol.Client;

/// <summary>Talks to a TPM attestation CA in our own form (<c>docs/tpm-protocol.md</c>): steps <c>attestationCa</c> and <c>activate</c>.</summary>
/// <param name="http">Carries the requests.</param>
/// <param name="url">The attestation CA's URL, for example <c>https://acme.example/tpm/linux-tpm</c>.</param>
/// <param name="options">How it behaves.</param>
public sealed class ActivationClient(HttpClient http, string url, AcmeClientOptions options)
{
    private const string BeginStep = "attestationCa";
    private const string CompleteStep = "activate";

    private readonly AcmeConnection _connection = new(http, options);

    /// <summary>Shows the TPM's keys.</summary>
    /// <returns>Where the secret is wanted, and the challenge.</returns>
    /// <exception cref="AcmeClientException">A refusal, no answer, or one that is not understood.</exception>
    public async Task<(string Url, ActivationChallenge Challenge)> Begin(ActivationRequest request, CancellationToken cancellation = default)
    {
        var answer = await _connection.PostJson(BeginStep, $"{url.TrimEnd('/')}/activations", request.ToJson(), cancellation);
        var challenge = Read(BeginStep, answer, ActivationChallenge.Parse);
        return answer.Location is { } location
            ? (location, challenge)
            : throw new AcmeClientException(BeginStep, $"{answer.Url} answered without a Location header", status: answer.Status);
    }

    /// <summary>Brings back the secret.</summary>
    /// <param name="activation">The URL from <see cref="Begin"/>.</param>
    /// <param name="secret">What TPM2_ActivateCredential gave.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="AcmeClientException">A refusal, no answer, or one that is not understood.</exception>
    public async Task<AttestationKeyCertificate> Complete(string activation, ReadOnlyMemory<byte> secret, CancellationToken cancellation = default) =>
        Read(CompleteStep, await _connection.PostJson(CompleteStep, activation, new ActivationSecret(secret).ToJson(), cancellation), AttestationKeyCertificate.Parse);

    private static T Read<T>(string step, AcmeAnswer answer, Func<JsonElement, T> parse)
    {
        answer.RequireSuccess();
        try
        {
            return parse(StrictJson.ParseObject(answer.Body.Span, "answer"));
        }
        catch (ProblemException fault)
        {
            throw new AcmeClientException(step, $"{answer.Url} answered something else than expected: {fault.Message}", status: answer.Status, inner: fault);
        }
    }
}
