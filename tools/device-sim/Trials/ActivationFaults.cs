using System.Security.Cryptography;
using DeviceAcme.Simulator.Enrollment;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>What a TPM's client does wrongly at an attestation CA, with evidence that is right (docs/tpm-protocol.md).</summary>
internal static class ActivationFaults
{
    private const string Section = "docs/tpm-protocol.md";

    public static IReadOnlyList<Fault> All { get; } =
    [
        At("activation-wrong-secret", "the secret that comes back is another one", Refused("unauthorized", "activation-secret-wrong"),
            async (client, exchange) => await client.Complete(exchange.Url, RandomNumberGenerator.GetBytes(32))),
        At("activation-secret-used", "the secret comes back twice", Refused("unauthorized", "activation-secret-used"), async (client, exchange) =>
        {
            await client.Complete(exchange.Url, exchange.Secret);
            await client.Complete(exchange.Url, exchange.Secret);
        }),
        At("activation-of-nobody", "the exchange does not exist", Refused("malformed", "activation-unknown", 404),
            async (client, exchange) => await client.Complete(exchange.Url + "0", exchange.Secret)),
        Of("unknown-attestation-ca", Section, "an attestation CA that does not exist", Refused("malformed", "attestation-ca-unknown", 404), trial => ActivatedTpm.Begin(trial, trial.AttestationCa("-of-nobody"))) with
        {
            Area = FaultArea.AttestationCa,
            Kinds = [ActivatedTpm.KindName],
        },
    ];

    private static Fault At(string name, string description, Expectation expected, Func<Protocol.Client.ActivationClient, ActivatedTpm.Exchange, Task> play) =>
        Of(name, Section, description, expected, trial => ActivatedTpm.Play(trial, play)) with { Area = FaultArea.AttestationCa, Kinds = [ActivatedTpm.KindName] };
}
