using System.CommandLine;
using DeviceAcme.Attestation.Offline;

namespace DeviceAcme.Cli.Verify;

/// <summary>The command line of <c>verify</c>.</summary>
internal sealed class VerifyOptions
{
    public const string VerifiedBoot = "verified-boot";
    public const string StrongBox = "strongbox";
    public const string StatusList = "status-list";
    public const string StrongHashes = "strong-hashes";

    public Argument<string[]> Files { get; } = new("FILE")
    {
        Description = "evidence, or the parts of one piece of evidence; ROLE=FILE where the content does not tell: " + string.Join(", ", InputRoles.Names),
        Arity = ArgumentArity.OneOrMore,
    };

    public Option<string?> Format { get; } = new("--format") { HelpName = "NAME", Description = $"the only format that is accepted: {string.Join(", ", OfflineVerification.Formats)} [default: what the evidence says]" };
    public Option<string?> Token { get; } = new("--token") { HelpName = "T", Description = "the challenge token" };
    public Option<string?> KeyAuthorization { get; } = new("--key-authorization") { HelpName = "KA", Description = "the key authorization, token.thumbprint" };
    public Option<string?> ChallengeHash { get; } = new("--challenge-hash") { HelpName = "HEX", Description = "the freshness value itself, or the hash of a browser's client data" };
    public Option<string?> PublicKey { get; } = new("--public-key") { HelpName = "SPKI", Description = "the key that must be attested: DER or PEM public key, or a certificate with it" };
    public Option<string?> Identifier { get; } = new("--identifier") { HelpName = "VALUE", Description = "the identifier that was ordered" };
    public Option<string?> At { get; } = new("--at") { HelpName = "TIME", Description = "judge validity at this time, 2026-01-31T12:00:00Z or 2026-01-31 [default: now]" };
    public Option<string[]> Anchors { get; } = new("--anchors") { HelpName = "DIR", Description = "vendor roots and intermediates, PEM or DER at any depth [default: the shipped ones]", AllowMultipleArgumentsPerToken = true };
    public Option<string?> Profile { get; } = new("--profile") { HelpName = "FILE", Description = "judge by the rules of this profile" };
    public Option<string?> AndroidStatusList { get; } = new("--android-status-list") { HelpName = "FILE", Description = "Google's list of revoked attestation certificates" };

    public Option<string[]> Require { get; } = new("--require")
    {
        HelpName = "RULE",
        Description = $"refuse what a profile could refuse: {VerifiedBoot}, {StrongBox}, {StatusList}, {StrongHashes} (no SHA-1)",
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "for machines" };
}
