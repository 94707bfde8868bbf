using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>Two things that one piece of evidence shows together, to be compared with what earlier evidence showed.</summary>
/// <param name="Subject">SHA-256 of the one thing, the respect in which it is seen, and the scope.</param>
/// <param name="Partner">SHA-256 of the other.</param>
/// <param name="Found">What an anomaly would be, in words that name no other device.</param>
internal sealed record Sight(AnomalyKind Kind, byte[] Subject, byte[] Partner, string Found)
{
    private const string Serial = "device.serial";
    private const string Udid = "device.udid";
    private const string EndorsementKey = "ek.public-key-sha256";
    private const string AttestationCertificate = "attestation.certificate-sha256";

    /// <summary>What proven evidence shows.</summary>
    /// <param name="verdict">An accepted verdict; of a refused one only its attestation certificate is looked for.</param>
    /// <param name="identifier">The identifier that was proven; null where the evidence proves none.</param>
    /// <param name="challenge">Names the one use of the evidence.</param>
    /// <param name="scope">
    /// Whose word the evidence is: the anchors of the profile. What one vendor says of a device must not make another vendor's suspicious, else a trial CA
    /// that some profile accepts could lock out everybody's devices.
    /// </param>
    public static IReadOnlyList<Sight> Of(Verdict verdict, AcmeIdentifier? identifier, string challenge, string scope)
    {
        var sights = new List<Sight>();
        if (verdict.Facts.Find(AttestationCertificate)?.Value is FactValue.Octets certificate && AttestationFormats.MakesCertificatePerChallenge(verdict.Format))
        {
            sights.Add(Make(AnomalyKinds.ReplayedCertificate, scope, "", certificate.ToString(), challenge, "its attestation certificate was accepted for another challenge before"));
        }

        if (verdict.Outcome != VerdictOutcome.Accepted)
        {
            // what refused evidence says proves nothing
            return sights;
        }

        var endorsementKey = verdict.Facts.Find(EndorsementKey);
        if (verdict.Device is { } device && endorsementKey is null && identifier is { } named)
        {
            var key = Convert.ToHexStringLower(SHA256.HashData(device.PublicKey.Span));
            sights.Add(Make(AnomalyKinds.SharedKey, scope, $"{named.Type}/{ProvenBy(verdict, named)}", key, named.Value, $"its key was attested for another {named.Type} before"));
        }

        if (Text(verdict, Serial) is { } serial && Text(verdict, Udid) is { } udid)
        {
            sights.Add(Make(AnomalyKinds.SharedSerial, scope, "", serial, udid, "its serial number was seen with another UDID before"));
        }

        // an attestation key goes with its TPM: what names a TPM is its endorsement key
        if (endorsementKey is { Proven: true } && identifier is { } owner)
        {
            sights.Add(Make(AnomalyKinds.SharedEk, scope, "", endorsementKey.Value.ToString(), $"{owner.Type}:{owner.Value}", "its endorsement key was seen as another device before"));
        }

        return sights;
    }

    // one key has a serial number and a UDID: only two values in the same respect contradict each other
    private static string ProvenBy(Verdict verdict, AcmeIdentifier identifier) =>
        AttestationFormats.IdentifierFacts(verdict.Format).FirstOrDefault(name => Text(verdict, name) == identifier.Value) ?? "";

    private static string? Text(Verdict verdict, string name) => verdict.Facts.Find(name) is { Proven: true, Value: FactValue.Text text } ? text.Value : null;

    private static Sight Make(AnomalyKind kind, string scope, string respect, string subject, string partner, string found) =>
        new(kind, Hash($"{kind.Name}\n{scope}\n{respect}\n{subject}"), Hash(partner), found);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
