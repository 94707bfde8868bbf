using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.1.1, with <c>meta.profiles</c> of draft-ietf-acme-profiles.</summary>
internal static class GetDirectory
{
    public static IResult Default(ProfileCatalog profiles, ServerOptions options) => Of(profiles.Default, profiles, options);

    public static IResult Handle(string profile, ProfileCatalog profiles, ServerOptions options) => Of(profiles.Require(profile), profiles, options);

    /// <summary>RFC 8555 §6.3: by POST-as-GET too.</summary>
    public static IResult Posted(AcmeRequest request, ProfileCatalog profiles, ServerOptions options)
    {
        request.RequirePostAsGet();
        return Of(request.Profile, profiles, options);
    }

    private static JsonReply<DirectoryObject> Of(CertificateProfile profile, ProfileCatalog profiles, ServerOptions options)
    {
        var urls = new AcmeUrls(options.BaseUrl, profile.Name);
        return new JsonReply<DirectoryObject>(
            new DirectoryObject
            {
                NewNonce = urls.NewNonce,
                NewAccount = urls.NewAccount,
                NewOrder = urls.NewOrder,
                NewAuthz = urls.NewAuthorization,
                RevokeCert = urls.RevokeCertificate,
                KeyChange = urls.KeyChange,
                Meta = new DirectoryMeta
                {
                    TermsOfService = options.TermsOfService?.AbsoluteUri,
                    CaaIdentities = options.CaaIdentities.Count > 0 ? options.CaaIdentities : null,
                    ExternalAccountRequired = profile.ExternalAccountBinding == ExternalAccountBindingMode.Required ? true : null,
                    Profiles = profiles.OpenFrom(profile, null).ToDictionary(open => open.Name, open => open.Description ?? open.Name),
                },
            },
            AcmeJson.Default.DirectoryObject);
    }
}
