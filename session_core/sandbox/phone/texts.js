/* The words of the page, in Spanish and English. */

const TEXTS = {
  es: {
    title: 'Teléfono de prueba',
    subtitle: 'Un teléfono simulado. Vincula dispositivos, escribe como cualquier contacto y mira qué llega.',
    who: '¿Qué teléfono?',
    number: 'Número con prefijo de país',
    name: 'Nombre de la cuenta',
    use: 'Usar este teléfono',
    invent: 'Inventar uno',
    link: 'Vincular un dispositivo',
    qrText: 'Texto del código QR',
    dropHere: 'O pega o suelta aquí una imagen del QR.',
    choosePicture: 'Elegir una imagen',
    scan: 'Escanear',
    code: 'O el código de vinculación',
    pair: 'Vincular con el código',
    devices: 'Dispositivos vinculados',
    noDevices: 'Ninguno todavía. Escanea un QR o escribe un código.',
    chats: 'Conversaciones',
    noChats: 'Sin mensajes. Escribe el primero como si fueras un contacto.',
    asNumber: 'Escribir como (número)',
    asName: 'Nombre del contacto',
    text: 'Mensaje',
    write: 'Enviar al teléfono',
    read: 'Marcar lo recibido como leído',
    since: 'desde',
    connected: 'Conectado',
    away: 'Sin conexión',
    offline: 'Red cortada',
    pending: 'pendientes',
    goOffline: 'Cortar la red',
    goOnline: 'Devolver la red',
    conflict: 'Abrir en otra ventana',
    unlink: 'Desvincular',
    unlinkTitle: '¿Desvincular este dispositivo?',
    unlinkText: 'Cerrará la sesión y habrá que escanear un QR de nuevo.',
    keep: 'Dejarlo',
    linked: 'Dispositivo vinculado.',
    unlinked: 'Dispositivo desvinculado.',
    qrRead: 'QR leído en la imagen. Escaneando…',
    written: 'Mensaje enviado.',
    markedRead: 'Marcado como leído.',
    unreachable: 'El sandbox no responde. Comprueba que sigue en marcha.',
    ack0: 'pendiente',
    ack1: 'en el servidor',
    ack2: 'entregado',
    ack3: 'leído',
    duplicate: 'recibido {n} veces',
    other: 'English',
  },
  en: {
    title: 'Sandbox phone',
    subtitle: 'A simulated phone. Link devices, write as any contact, and see what arrives.',
    who: 'Which phone?',
    number: 'Number with country code',
    name: 'Name of the account',
    use: 'Use this phone',
    invent: 'Invent one',
    link: 'Link a device',
    qrText: 'Text of the QR code',
    dropHere: 'Or paste or drop a picture of the QR here.',
    choosePicture: 'Choose a picture',
    scan: 'Scan',
    code: 'Or the pairing code',
    pair: 'Link with the code',
    devices: 'Linked devices',
    noDevices: 'None yet. Scan a QR or type a code.',
    chats: 'Chats',
    noChats: 'No messages. Write the first one as a contact.',
    asNumber: 'Write as (number)',
    asName: 'Name of the contact',
    text: 'Message',
    write: 'Send to the phone',
    read: 'Mark what was received as read',
    since: 'since',
    connected: 'Connected',
    away: 'Not connected',
    offline: 'Network cut',
    pending: 'pending',
    goOffline: 'Cut the network',
    goOnline: 'Give the network back',
    conflict: 'Open in another window',
    unlink: 'Unlink',
    unlinkTitle: 'Unlink this device?',
    unlinkText: 'Its session ends, and a QR must be scanned again.',
    keep: 'Keep it',
    linked: 'Device linked.',
    unlinked: 'Device unlinked.',
    qrRead: 'QR read from the picture. Scanning…',
    written: 'Message sent.',
    markedRead: 'Marked as read.',
    unreachable: 'The sandbox does not answer. Check that it still runs.',
    ack0: 'waiting',
    ack1: 'on the server',
    ack2: 'delivered',
    ack3: 'read',
    duplicate: 'received {n} times',
    other: 'Español',
  },
};

const KEY = 'sandbox-phone-language';
let language = localStorage.getItem(KEY) ?? (navigator.language.startsWith('es') ? 'es' : 'en');

export const currentLanguage = () => language;
export const text = (key) => TEXTS[language][key] ?? key;

export function switchLanguage() {
  language = language === 'es' ? 'en' : 'es';
  localStorage.setItem(KEY, language);
}

// Writes every text of the document that names its key.
export function translate() {
  document.documentElement.lang = language;
  document.title = text('title');
  for (const node of document.querySelectorAll('[data-text]')) node.textContent = text(node.dataset.text);
}
