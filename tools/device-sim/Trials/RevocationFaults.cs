using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Vendors;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Revocations that a server must refuse (RFC 8555 §7.6).</summary>
internal static class RevocationFaults
{
    private const string Section = "RFC 8555 §7.6";

    public static IReadOnlyList<Fault> All { get; } =
    [
        Of("revocation-of-a-foreign-certificate", Section, "an account revokes another account's certificate", Refused("unauthorized", "revocation-not-allowed", 403), async trial =>
        {
            var certificate = await trial.Certificate();
            var other = await trial.Somebody();
            var url = (await other.Directory(trial.Cancellation)).RevokeCert;
            return Trial.Read("revokeCert", await other.Post("revokeCert", url, Payload(certificate), trial.Cancellation));
        }),
        Of("revocation-by-a-foreign-key", Section, "a key that has nothing to do with the certificate revokes it", Refused("unauthorized", "revocation-not-allowed", 403), async trial =>
        {
            var certificate = await trial.Certificate();
            var url = (await trial.Client.Directory(trial.Cancellation)).RevokeCert;
            return Trial.Read("revokeCert", await trial.Client.PostWith(trial.NewSigner(), null, "revokeCert", url, Payload(certificate), trial.Cancellation));
        }),
        Of("revocation-twice", Section, "a certificate is revoked again", Refused("alreadyRevoked", "certificate-already-revoked", 400), async trial =>
        {
            var certificate = await trial.Certificate();
            await trial.Client.Revoke(certificate, cancellation: trial.Cancellation);
            return await Revoke(trial, Payload(certificate));
        }),
        Of("revocation-in-the-name-of-the-ca", Section, "the reason is cACompromise", Refused("badRevocationReason", "revocation-reason-not-allowed", null, "malformed"),
            async trial => await Revoke(trial, Payload(await trial.Certificate(), 2))),
        Of("revocation-for-no-reason-that-exists", Section, "the reason is 7, which no standard has", Refused("badRevocationReason", "revocation-reason-not-allowed", null, "malformed"),
            async trial => await Revoke(trial, Payload(await trial.Certificate(), 7))),
        Of("revocation-reason-out-of-range", Section, "the reason is 10000000000", Refused("badRevocationReason", "revocation-reason-unknown", null, "malformed"),
            async trial => await Revoke(trial, Payload(await trial.Certificate(), 10_000_000_000))),
        Of("revocation-of-an-unknown-certificate", Section, "a certificate of another CA", Refused("malformed", "certificate-unknown", null, "unauthorized"),
            trial => Revoke(trial, Payload(new AppleVendor(new Seed("a stranger")).Root.Certificate))),
        Of("revocation-of-no-certificate", Section, "the certificate is no DER", Refused("malformed", "certificate-unreadable"), trial => Revoke(trial, Payload(Octets("a certificate")))),
    ];

    private static byte[] Payload(byte[] certificate, long? reason = null)
    {
        var payload = new JsonObject { ["certificate"] = Base64Url.Encode(certificate) };
        if (reason is { } code)
        {
            payload["reason"] = code;
        }

        return Octets(payload);
    }

    private static async Task<Outcome> Revoke(Trial trial, byte[] payload)
    {
        var client = await trial.Registered();
        return await trial.Post("revokeCert", (await client.Directory(trial.Cancellation)).RevokeCert, payload);
    }
}
