using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Issuance.Lint;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Core.Profiles;

/// <summary>What a profile that can be read is nevertheless wrong with: its own tests, and the certificates that it gives.</summary>
internal static class ProfileCheck
{
    /// <summary>The code of what makes a file unreadable, or warns of something in it.</summary>
    public const string Mistake = "mistake";

    /// <summary>The code of a test that fails.</summary>
    public const string Test = "test";

    /// <summary>Runs the profile's tests and lints a sample of its certificates (RFC 5280).</summary>
    /// <param name="file">For the findings.</param>
    /// <param name="issuer">The certificate of an issuer by its name; null where there is none yet.</param>
    public static IEnumerable<ProfileFinding> Of(string file, CertificateProfile profile, Func<string, X509Certificate2?> issuer, DateTimeOffset now) =>
        Tests(file, profile).Concat(Lint(file, profile, issuer, now));

    public static IEnumerable<ProfileFinding> Of(Mistakes mistakes) => mistakes.Errors.Select(mistake => Of(mistake, true)).Concat(mistakes.Warnings.Select(mistake => Of(mistake, false)));

    /// <summary>As people read it: file, line, key and message.</summary>
    public static string Text(ProfileFinding finding) => (finding.IsError ? "" : "warning: ") + new Mistake(finding.File, finding.Line, finding.Key, finding.Message);

    private static IEnumerable<ProfileFinding> Tests(string file, CertificateProfile profile)
    {
        foreach (var test in profile.Tests)
        {
            if (test.Run(profile.Attestation) is { } failure)
            {
                yield return new ProfileFinding { Code = Test, IsError = true, File = file, Line = test.Line, Key = "tests", Message = $"'{test.Name}': {failure}" };
            }
        }
    }

    private static List<ProfileFinding> Lint(string file, CertificateProfile profile, Func<string, X509Certificate2?> issuerOf, DateTimeOffset now)
    {
        var findings = new List<ProfileFinding>();

        // one key of each kind: the sizes change nothing
        foreach (var type in profile.Certificate.Keys.GroupBy(type => type[..3]).Select(group => group.First()))
        {
            using var issuer = issuerOf(profile.IssuerFor(type));
            var inputs = new CertificateInputs
            {
                DeviceProven = true,
                Profile = profile,
                Identifiers = SampleCertificate.Identifiers(profile),
                Facts = SampleCertificate.Facts(profile, []),
                Request = SampleCertificate.Request(type),
                Now = now,
            };
            try
            {
                using var certificate = X509CertificateLoader.LoadCertificate(SampleCertificate.Make(inputs).Certificate.Span);
                findings.AddRange(CertificateLint.Check(certificate, issuer)
                    .Select(finding => Certificate(finding.Code, finding.IsError && finding.Code != "beyond-the-ca", $"{finding.Message}, with an {type} key ({finding.Source})")));
            }
            catch (ProblemException unfilled)
            {
                findings.Add(Certificate("sample-not-possible", false, $"no sample can be made, so nothing was linted: {unfilled.Problem.Detail}"));
            }
        }

        return findings;

        ProfileFinding Certificate(string code, bool isError, string message) =>
            new() { Code = code, IsError = isError, File = file, Line = ProfileFile.LineOf(profile, "certificate"), Key = "certificate", Message = message };
    }

    private static ProfileFinding Of(Mistake mistake, bool isError) =>
        new() { Code = Mistake, IsError = isError, File = mistake.File, Line = mistake.Line, Key = mistake.Key, Message = mistake.Message };
}
