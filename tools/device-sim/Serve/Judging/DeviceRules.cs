using System.Text.RegularExpressions;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Device attestation (draft-ietf-acme-device-attest).</summary>
internal static partial class DeviceRules
{
    private const string Attestation = "device-attest-01";

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("permanent-identifier", "device-attest §3", Level.Must, "orders a permanent-identifier without a slash in its value, and with an OID behind one where it names the assigner", story =>
            Ordered(story, "permanent-identifier").Select(pair => Finding.Of(PermanentIdentifier().IsMatch(pair.Value), $"'{pair.Value}'", pair.Exchange.Number))),
        new("hardware-module", "device-attest §4", Level.Must, "orders a hardware-module as serial number, slash and the type's OID", story =>
            Ordered(story, "hardware-module").Select(pair => Finding.Of(HardwareModule().IsMatch(pair.Value), $"'{pair.Value}'", pair.Exchange.Number))),
        new("attestation-object", "device-attest §5", Level.Must, "answers with attObj, an attestation object of WebAuthn in base64url", story =>
            Answers(story).Select(pair => Finding.Of(Evidence(pair.Jws) is { Statement.Count: > 0 }, "attObj is missing, empty, or no attestation object with fmt and attStmt", pair.Exchange.Number))),
        new("no-authenticator-data", "device-attest §5", Level.Should, "leaves authData out of the attestation object", story =>
            Answers(story).Where(pair => Evidence(pair.Jws) is not null).Select(pair => Finding.Of(!Evidence(pair.Jws)!.HasAuthData, "authData is there", pair.Exchange.Number))),
        new("evidence-is-for-the-challenge", "device-attest §5", Level.Must, "makes the evidence for this very challenge: over the token (apple) or over the key authorization (all other formats)", IsForChallenge),
        new("idevid-statement", "idevid-format §3", Level.Must, "evidence of a birth certificate has alg, sig, x5c and key, none larger than it may be", story =>
            Births(story).Select(birth => Finding.Of(birth.Statement.WrongMember is null, birth.Statement.WrongMember ?? "", birth.Number))),
        new("idevid-binding-covers-key", "idevid-format §4", Level.Must, "signs the new key too, and not the key authorization alone", story =>
            Births(story).Where(birth => birth.KeyAuthorization is not null).Select(birth => Finding.Of(
                !birth.Statement.LeavesKeyOut(birth.KeyAuthorization!), "the signature is over the key authorization alone: whoever can change the request can put another key beside it", birth.Number))),
        new("idevid-algorithm", "idevid-format §5", Level.Should, "signs with -7 where the IDevID key is on P-256, with -35 on P-384, with -257 where it is RSA", story =>
            Births(story).Where(birth => birth.Statement.WrongMember is null).Select(birth => Finding.Of(
                birth.Statement.OtherAlgorithm is null, $"alg {birth.Statement.OtherAlgorithm?.Used} where {birth.Statement.OtherAlgorithm?.Advised} is advised", birth.Number))),
        new("idevid-new-key", "idevid-format §5", Level.Should, "wants the certificate for a new key, and not for the IDevID key itself", story =>
            Births(story).Where(birth => birth.Statement.WrongMember is null).Select(birth => Finding.Of(!birth.Statement.IsBirthKey, "key is the IDevID key", birth.Number))),
        new("csr-key-is-attested-key", "device-attest §5", Level.Must, "requests the certificate for the key that the evidence is about", CsrKeyIsAttested),
    ];

    private static IEnumerable<(Recorded Exchange, string Value)> Ordered(Story story, string type) =>
        story.Signed.Where(pair => pair.Exchange.Resource == Resource.NewOrder)
            .SelectMany(pair => Story.Identifiers(pair.Jws.Content).Where(one => one.Type == type).Select(one => (pair.Exchange, one.Value)));

    private static IEnumerable<(Recorded Exchange, SentJws Jws)> Answers(Story story) =>
        ValidationRules.Answers(story).Where(pair => story.Challenge(pair.Exchange.Url)?.Type == Attestation);

    private static SentEvidence? Evidence(SentJws jws) => SentEvidence.Read(SentJws.Text(jws.Content?["attObj"]));

    private static IEnumerable<Finding> IsForChallenge(Story story)
    {
        foreach (var (exchange, jws) in Answers(story))
        {
            var (evidence, token, key) = (Evidence(jws), story.Challenge(exchange.Url)?.Token, story.KeyOf(jws.Kid, exchange.Number));
            if (evidence is null || token is null || SentJws.ThumbprintOf(key) is not { } thumbprint || evidence.IsFor(token, $"{token}.{thumbprint}") is not { } right)
            {
                continue;
            }

            yield return Finding.Of(right, evidence.Format == "apple" ? "the evidence is not over the SHA-256 of this token" : "the evidence is not over this key authorization", exchange.Number);
        }
    }

    private static IEnumerable<(int Number, IdevidStatement Statement, string? KeyAuthorization)> Births(Story story) =>
        from pair in Answers(story)
        let evidence = Evidence(pair.Jws)
        where evidence?.Format == IdevidStatement.Format
        let token = story.Challenge(pair.Exchange.Url)?.Token
        let thumbprint = SentJws.ThumbprintOf(story.KeyOf(pair.Jws.Kid, pair.Exchange.Number))
        select (pair.Exchange.Number, new IdevidStatement(evidence), token is null || thumbprint is null ? null : $"{token}.{thumbprint}");

    private static IEnumerable<Finding> CsrKeyIsAttested(Story story)
    {
        foreach (var (exchange, jws) in OrderRules.Finalizes(story))
        {
            var order = story.OrderOf(exchange);
            var attested = Answers(story).Where(pair => pair.Exchange.Number < exchange.Number && order?.Authorizations.Contains(story.Challenge(pair.Exchange.Url)?.Authorization ?? "") == true)
                .Select(pair => (pair.Exchange.Number, Key: Evidence(pair.Jws)?.KeyThumbprint)).LastOrDefault();
            if (attested.Key is null || SentRequest.Read(jws)?.Thumbprint is not { } requested)
            {
                continue;
            }

            yield return Finding.Of(requested == attested.Key, "the request has another key than the evidence", attested.Number, exchange.Number);
        }
    }

    [GeneratedRegex(@"^[^/]+(/[0-2](\.(0|[1-9]\d*))+)?$")]
    private static partial Regex PermanentIdentifier();

    [GeneratedRegex(@"^[^/]+/[0-2](\.(0|[1-9]\d*))+$")]
    private static partial Regex HardwareModule();
}
