using DeviceAcme.Core.Revocation;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Issuance;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Tpm;
using Issuers = DeviceAcme.Server.Connectors.Issuers;

namespace DeviceAcme.Server.Revocation;

/// <summary>The issuers of all profiles and the CRLs of their keys, as services.</summary>
internal static class IssuanceServices
{
    private static readonly TimeSpan CrlLifetime = TimeSpan.FromDays(7);
    private static readonly TimeSpan CrlRefresh = TimeSpan.FromDays(1);

    // the root revokes next to nothing, and its key may be taken away for months
    private static readonly TimeSpan RootCrlLifetime = TimeSpan.FromDays(180);
    private static readonly TimeSpan RootCrlRefresh = TimeSpan.FromDays(30);

    /// <summary>Adds <see cref="Issuers"/>, <see cref="CrlPublisher"/> and <see cref="IServerCertificates"/>; needs a <see cref="ProfileVersions"/> and an <see cref="IRevocationStore"/>.</summary>
    public static void AddIssuance(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(_ => Explained(() => Directory(options)));
        services.AddSingleton(provider => Explained(() => Connectors.Connectors.Open(
            provider.GetRequiredService<CaDirectory>(),
            options.StatusUrl,
            provider.GetRequiredService<ProfileVersions>().All.SelectMany(profile => profile.Issuers),
            provider.GetRequiredService<EarlierProfiles>().All.SelectMany(profile => profile.Issuers),
            provider.GetRequiredService<TimeProvider>().GetUtcNow())));
        services.AddSingleton<CertificateIssuance>();
        services.AddSingleton(provider => Explained(() => AttestationAuthorities.Open(
            AttestationDirectory(options),
            provider.GetRequiredService<ProfileVersions>().All,
            provider.GetRequiredService<EarlierProfiles>().All,
            options.StatusUrl,
            provider.GetRequiredService<TimeProvider>().GetUtcNow())));
        services.AddSingleton(provider => Explained(() => new CrlPublisher(
            CrlIssuers(provider.GetRequiredService<Issuers>(), provider.GetRequiredService<AttestationAuthorities>(), provider.GetRequiredService<CaDirectory>()),
            provider.GetRequiredService<IRevocationStore>(),
            provider.GetRequiredService<Workers.ILeases>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CrlPublisher>>())));
        services.AddHostedService(provider => provider.GetRequiredService<CrlPublisher>());
        services.AddSingleton<IServerCertificates>(provider => Explained<IServerCertificates>(() => options is { TlsCertificate: { } certificate, TlsKey: { } key }
            ? new TlsCertificateFiles(certificate, key, provider.GetRequiredService<ILogger<TlsCertificateFiles>>())
            : new DevelopmentTlsCertificate(
                provider.GetRequiredService<Issuers>().Require(DevelopmentIssuer(provider, options)),
                options.Url,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<DevelopmentTlsCertificate>>())));
    }

    /// <summary><c>DIR/ca</c>, also for the commands that work on it while no server runs.</summary>
    /// <exception cref="IssuerException">The settings do not fit.</exception>
    public static CaDirectory Directory(ServerOptions options) => new(Path.Combine(options.DataDirectory, "ca"), options.CaPassphrase, options.CaName);

    /// <summary><c>DIR/attestation-ca</c>.</summary>
    public static AttestationCaDirectory AttestationDirectory(ServerOptions options) => new(Path.Combine(options.DataDirectory, "attestation-ca"), options.CaPassphrase, options.CaName);

    private static string DevelopmentIssuer(IServiceProvider provider, ServerOptions options) =>
        provider.GetRequiredService<ProfileVersions>().Find(options.DefaultProfile)?.Issuer
        ?? throw new StartFailure($"there is no profile '{options.DefaultProfile}' to take the issuer of the TLS certificate from");

    private static CrlIssuer[] CrlIssuers(Issuers issuers, AttestationAuthorities attestation, CaDirectory directory) =>
    [
        .. attestation.All.Select(authority => CrlOf(authority.Folder)),
        .. issuers.All.OfType<BuiltInConnector>().Select(connector => CrlOf(connector.Folder)),
        .. directory.Root() is { } root ? [new CrlIssuer(root, RootCrlLifetime, RootCrlRefresh)] : Array.Empty<CrlIssuer>(),
    ];

    /// <summary>The usual rhythm of an issuer's CRLs.</summary>
    public static CrlIssuer CrlOf(IssuerFolder folder) => new(folder, CrlLifetime, CrlRefresh);

    private static T Explained<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (IssuerException wrong)
        {
            throw new StartFailure(wrong.Message, wrong.Hint);
        }
    }
}
