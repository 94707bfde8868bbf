namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>What a profile decides about <c>android-key</c> evidence. The defaults are the strict ones.</summary>
public sealed record AndroidPolicy : FormatPolicy
{
    /// <summary>Strict in everything.</summary>
    public static AndroidPolicy Strict { get; } = new();

    /// <summary>
    /// Leaves and intermediates past their end are accepted and named. Factory chains of healthy phones end before the phones do; revocation is
    /// the real control then, so this wants a status list.
    /// </summary>
    public bool TolerateExpired { get; init; }

    /// <summary>The lowest level that is accepted. Software keys are refused whatever stands here.</summary>
    public AndroidSecurityLevel MinimumSecurityLevel { get; init; } = AndroidSecurityLevel.TrustedEnvironment;

    /// <summary>The bootloader must be locked and the system verified by the vendor's key.</summary>
    public bool RequireVerifiedBoot { get; init; } = true;

    /// <summary>
    /// Offline, where no profile was given: a bootloader that is not locked is neither refused nor accepted, the verdict stays incomplete.
    /// </summary>
    public bool BootStateIsUndecided { get; init; }

    /// <summary>Google's list of revoked attestation certificates; null where none could be loaded.</summary>
    public StatusList? StatusList { get; init; }

    /// <summary>A list that was fetched longer ago than this is stale.</summary>
    public TimeSpan StatusListMaxAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A missing or stale list is accepted; what a stale one lists is refused all the same.</summary>
    public bool AcceptWithoutStatusList { get; init; }
}
