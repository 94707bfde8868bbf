using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Verify;

/// <summary>Profiles and status lists as files, as an offline verification takes them.</summary>
internal static class Judgement
{
    /// <summary>What a profile decides about Android evidence; without one, what is undecided stays open.</summary>
    public static AndroidPolicy Android(CertificateProfile? profile, StatusList? list, IReadOnlyCollection<string> required)
    {
        var policy = profile is not null
            ? AndroidPolicyRule.Of(profile.Attestation, list)
            : AndroidPolicy.Strict with { StatusList = list, AcceptWithoutStatusList = list is null, BootStateIsUndecided = true };
        if (required.Contains(VerifyOptions.VerifiedBoot))
        {
            policy = policy with { RequireVerifiedBoot = true, BootStateIsUndecided = false };
        }

        if (required.Contains(VerifyOptions.StatusList))
        {
            policy = policy with { AcceptWithoutStatusList = false };
        }

        return required.Contains(VerifyOptions.StrongBox) ? policy with { MinimumSecurityLevel = AndroidSecurityLevel.StrongBox } : policy;
    }

    /// <summary>Reads a profile's text; every mistake in it is told.</summary>
    public static CertificateProfile ReadProfile(string path, string text)
    {
        var mistakes = new Mistakes();
        return ProfileFile.Parse(path, text, mistakes) ?? throw new WrongUse(string.Join("; ", mistakes.Errors.Select(mistake => mistake.ToString())), null);
    }

    public static CertificateProfile ReadProfile(string path) => ReadProfile(path, System.Text.Encoding.UTF8.GetString(EvidenceFiles.ReadBounded(path)));

    /// <summary>Google's status list from a file; it is as old as the file.</summary>
    public static StatusList ReadStatusList(string path)
    {
        // larger than evidence: all revoked certificates of all phones
        const int largest = 64 * 1024 * 1024;
        try
        {
            var file = new FileInfo(path);
            return file.Length > largest ? throw new WrongUse($"{path}: {file.Length} bytes, at most {largest} are read", null)
                : StatusList.TryParse(File.ReadAllBytes(path), file.LastWriteTimeUtc, out var list, out var problem) ? list
                : throw new WrongUse($"{path}: {problem}", "Google publishes it at https://android.googleapis.com/attestation/status");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WrongUse($"{path}: {exception.Message}", null);
        }
    }
}
