using System.CommandLine;
using System.Globalization;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Offline;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Verify;

/// <summary><c>deviceacme verify</c>: the verifiers of the server without a server.</summary>
internal sealed class VerifyCommand(TextWriter output, Talk talk, TimeProvider time, Func<IReadOnlyList<string>, AnchorSet> readAnchors)
{
    private const int Accepted = 0;
    private const int Refused = 1;
    private const int Incomplete = 3;

    private static readonly string[] Rules = [VerifyOptions.VerifiedBoot, VerifyOptions.StrongBox, VerifyOptions.StatusList, VerifyOptions.StrongHashes];

    private readonly VerifyOptions _options = new();

    public Command Command()
    {
        _options.Require.AcceptOnlyFromAmong(Rules);
        var command = new Command(
            "verify",
            "judges evidence without a server: attestation objects, browser ceremonies, Apple, Android and YubiKey chains, TPM structures, EK certificates, IDevIDs, "
            + "and evidence that a server kept. Exit code 0: accepted, 1: refused, 3: incomplete (all that was given is right, a binding was not given), 2: wrong use")
        {
            _options.Files, _options.Format, _options.Token, _options.KeyAuthorization, _options.ChallengeHash, _options.PublicKey, _options.Identifier, _options.At,
            _options.Anchors, _options.Profile, _options.AndroidStatusList, _options.Require, _options.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        IReadOnlyList<OfflineAnswer> answers;
        try
        {
            answers = Judge(parsed);
        }
        catch (UnknownEvidenceException unknown)
        {
            throw new WrongUse(unknown.Message, unknown.Hint);
        }

        if (parsed.GetValue(_options.Json))
        {
            output.WriteLine(VerdictOutput.Json(answers));
        }
        else
        {
            output.Write(VerdictOutput.Text(answers));
            Hint(answers);
        }

        return answers.Any(answer => answer.Verdict.Outcome == VerdictOutcome.Refused) ? Refused
            : answers.Any(answer => answer.Verdict.Outcome == VerdictOutcome.Incomplete) ? Incomplete
            : Accepted;
    }

    private IReadOnlyList<OfflineAnswer> Judge(ParseResult parsed)
    {
        var required = parsed.GetValue(_options.Require) ?? [];
        var profile = parsed.GetValue(_options.Profile) is { } path ? Judgement.ReadProfile(path) : null;
        var list = parsed.GetValue(_options.AndroidStatusList) is { } file ? Judgement.ReadStatusList(file) : null;
        var identifier = parsed.GetValue(_options.Identifier);
        var question = new OfflineQuestion
        {
            Files = [],
            Format = parsed.GetValue(_options.Format),
            Token = parsed.GetValue(_options.Token) ?? TokenOf(parsed.GetValue(_options.KeyAuthorization)),
            KeyAuthorization = parsed.GetValue(_options.KeyAuthorization),
            ChallengeHash = parsed.GetValue(_options.ChallengeHash) is { } hex ? (ReadOnlyMemory<byte>?)ReadHex(hex) : null,
            PublicKey = parsed.GetValue(_options.PublicKey) is { } key ? (ReadOnlyMemory<byte>?)ReadKey(key) : null,
            Identifier = identifier,
            Anchors = readAnchors(parsed.GetValue(_options.Anchors) ?? []),
            Now = parsed.GetValue(_options.At) is { } at ? ReadTime(at) : time.GetUtcNow(),
            Android = Judgement.Android(profile, list, required),
            RefuseSha1 = required.Contains(VerifyOptions.StrongHashes),
        };
        question = Under(profile, question);

        var files = parsed.GetRequiredValue(_options.Files).Select(EvidenceFiles.Read).ToList();
        var records = files.ConvertAll(one => (File: one, Record: EvidenceFiles.TryReadRecord(one)));
        var answers = records.Where(one => one.Record is not null).SelectMany(one => JudgeRecord(parsed, question, one.File.Name, one.Record!, required)).ToList();
        var others = records.Where(one => one.Record is null).Select(one => one.File).ToList();
        return others.Count == 0 ? answers : [.. answers, .. ByRules(OfflineVerification.Verify(question with { Files = others }), profile)];
    }

    /// <summary>Evidence from a server brings its own bindings, time and profile; what is named on the command line counts instead.</summary>
    private IReadOnlyList<OfflineAnswer> JudgeRecord(ParseResult parsed, OfflineQuestion question, string file, EvidenceRecord record, IReadOnlyCollection<string> required)
    {
        if (record.Kind != EvidenceKinds.Challenge)
        {
            throw new WrongUse($"{file}: evidence of kind '{record.Kind}' is judged by the server alone", "verify takes the evidence of challenges");
        }

        var own = question with
        {
            Files = [new OfflineFile(file, EvidenceFiles.Statement(record, file), "object")],
            Token = question.Token ?? record.Token,
            KeyAuthorization = question.KeyAuthorization ?? (record.Token is { } token && record.Thumbprint is { } thumbprint ? $"{token}.{thumbprint}" : null),
            Identifier = question.Identifier ?? record.Identifier?.Value,
            Now = parsed.GetValue(_options.At) is null ? record.At : question.Now,
        };
        var profile = parsed.GetValue(_options.Profile) is { } path ? Judgement.ReadProfile(path) : null;
        if (profile is null && record.ProfileText is { } text)
        {
            profile = Judgement.ReadProfile($"{record.Profile}.yaml", text);
            own = Under(profile, own with { Android = Judgement.Android(profile, own.Android.StatusList, required) });
        }

        return ByRules(OfflineVerification.Verify(own), profile);
    }

    private static IReadOnlyList<OfflineAnswer> ByRules(IReadOnlyList<OfflineAnswer> answers, CertificateProfile? profile) =>
        profile is null ? answers : [.. answers.Select(answer => answer with { Verdict = DevicePolicy.Judge(answer.Verdict, profile.Attestation, ledger: false) })];

    private static OfflineQuestion Under(CertificateProfile? profile, OfflineQuestion question) => profile is null ? question : question with
    {
        Profile = profile.Name,
        AllowedFormats = profile.Attestation.Formats,
        IdentifierFact = profile.Identifiers.Values.Select(rule => rule.Proves).FirstOrDefault(proves => proves is not null),
    };

    private void Hint(IReadOnlyList<OfflineAnswer> answers)
    {
        var missing = answers.SelectMany(answer => answer.Verdict.Checks).Where(check => check.Outcome == CheckOutcome.NotReached).Select(check => check.Name).ToHashSet();
        if (!answers.Any(answer => answer.Verdict.Outcome == VerdictOutcome.Incomplete))
        {
            return;
        }

        if (missing.Contains("freshness"))
        {
            talk.Hint("freshness is compared with --token, --key-authorization or --challenge-hash");
        }

        if (missing.Contains("identifier"))
        {
            talk.Hint("the identifier of the order is given with --identifier");
        }
    }

    private static string? TokenOf(string? keyAuthorization) => keyAuthorization?.Split('.')[0];

    private static byte[] ReadHex(string hex)
    {
        try
        {
            return Convert.FromHexString(hex.Replace(":", "", StringComparison.Ordinal));
        }
        catch (FormatException)
        {
            throw new WrongUse("--challenge-hash: not hex", null);
        }
    }

    private static ReadOnlyMemory<byte> ReadKey(string path) =>
        OfflineVerification.ReadKey(new OfflineFile(path, EvidenceFiles.ReadBounded(path)))
        ?? throw new WrongUse($"--public-key {path}: neither a public key nor a certificate, DER or PEM", null);

    /// <summary>An RFC 3339 time, or a day.</summary>
    public static DateTimeOffset ReadTime(string text, string option = "--at") =>
        Rfc3339.TryParse(text, out var instant) ? instant
        : DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) ? day
        : throw new WrongUse($"{option} {text}: not a time such as 2026-01-31T12:00:00Z", null);
}
